# A hub and the store behind it, which tests/cli/hub.sh starts:  perl hub_server.pl NAME OTHER
#
# Serves from the folder it stands in until it is killed, a process for each connection.  NAME.port gets its
# port, NAME.log a line for each request: method, address, token or none, first byte asked for.  OTHER.port is
# that of the store that large files are fetched from.
#
#   api/...      listings, by the path of their address; a model whose folder is not there is RepoNotFound
#   hashes/NAME  what the hub says is the hash of files/NAME
#   files/NAME   contents; .safetensors and .gz are redirected to the store, others come from here
#   faults       REGEX ACTION [ARGUMENT]: one for the next request that matches "NAME METHOD ADDRESS", in order
use strict;
use IO::Compress::Gzip 'gzip';
use IO::Socket::INET;

my ($name, $other) = @ARGV;
$SIG{CHLD} = 'IGNORE';

sub slurp { my ($path) = @_; open my $f, '<:raw', $path or return undef; local $/; my $all = <$f>; $all }
sub spill { my ($path, $text) = @_; open my $f, '>:raw', "$path.new" or die; print $f $text; close $f; rename "$path.new", $path }
sub note { my ($line) = @_; open my $f, '>>', "$name.log" or die; print $f "$line\n"; close $f }

# The action of the first fault, if this request is the one it waits for.
sub fault {
    my ($request) = @_;
    my ($first, @rest) = split /^/, slurp('faults') // '';
    my ($pattern, @found) = ($first // '') =~ /^(\S+) (\S+) ?(.*)$/;
    return ('', '') unless defined $pattern && $request =~ /$pattern/;
    spill('faults', join '', @rest);
    @found;
}

sub reply {
    my ($c, $status, $body, @headers) = @_;
    print $c join("\r\n", "HTTP/1.1 $status", 'Content-Length: ' . length $body, 'Connection: close', @headers), "\r\n\r\n", $body;
}

sub content {
    my ($c, $body, $range, $action, $argument, @headers) = @_;
    my ($status, $size) = ('200 OK', length $body);
    $body = '<html>please log in</html>' if $action eq 'html';
    if ($action eq 'gzip') {
        gzip(\(my $plain = $body), \$body);
        push @headers, 'Content-Encoding: gzip';
    }
    $body =~ tr/\0-\377/\1-\377\0/ if $action eq 'wrong';
    if (defined $range && $range < $size && $action ne 'norange' && $action ne 'html') {
        $body = substr $body, $range;
        push @headers, 'Content-Range: bytes ' . ($range + ($action eq 'badrange')) . '-' . ($size - 1) . "/$size";
        $status = '206 Partial Content';
    }
    my $sent = $body;
    $sent = substr $body, 0, $argument if $action =~ /^(cut|hold|slow)$/;
    my $length = $action eq 'claim' ? $argument : length $body;
    print $c join("\r\n", "HTTP/1.1 $status", "Content-Length: $length", 'Connection: close', @headers), "\r\n\r\n", $sent;
    $c->flush;
    sysread $c, my $end, 1 if $action eq 'hold'; # until the other side is gone
    sleep 1, print $c substr $body, $argument if $action eq 'slow';
}

sub answer {
    my ($c, $method, $address, $range) = @_;
    my ($action, $argument) = fault("$name $method $address");
    my ($path) = $address =~ /^([^?]*)/;
    my $here = "http://127.0.0.1:" . slurp("$name.port");
    if ($action eq 'status') { my ($status, @headers) = split /\|/, $argument; return reply($c, $status, '', @headers) }
    if ($action eq 'to') { $argument =~ s/HERE/$here/; return reply($c, '302 Found', '', "Location: $argument") }

    return reply($c, '407 Proxy Authentication Required', '') if $method eq 'CONNECT';
    if ($path =~ m{^/api/}) {
        my $body = slurp(substr $path, 1);
        return content($c, $body, undef, $action, $argument) if defined $body;
        my ($repo) = $path =~ m{^/(api/\w+/[^/]+/[^/]+)};
        return reply($c, '404 Not Found', '', 'X-Error-Code: ' . (-d $repo ? 'RevisionNotFound' : 'RepoNotFound'));
    }
    my ($commit, $file) = $path =~ m{/resolve/([^/]+)/(.*)$};
    $file //= substr $path, 1;
    $file =~ s/%([0-9A-F]{2})/chr hex $1/ge;
    my $body = slurp("files/$file");
    return reply($c, '404 Not Found', '', 'X-Error-Code: EntryNotFound') unless defined $body;
    my $large = $file =~ /\.(safetensors|gz)$/;
    my $hash = slurp("hashes/$file") // '';
    my @headers = ("ETag: \"$hash\"", 'X-Repo-Commit: ' . ($commit // ''));
    return content($c, $body, $range, $action, $argument, 'ETag: "of-the-store"') unless defined $commit;
    if ($method eq 'HEAD') {
        push @headers, "X-Linked-Etag: \"$hash\"", 'X-Linked-Size: ' . length $body if $large;
        print $c join("\r\n", $large ? ('HTTP/1.1 302 Found', "Location: http://127.0.0.1:" . slurp("$other.port") . "/$file")
            : ('HTTP/1.1 200 OK', $action eq 'nosize' ? () : 'Content-Length: ' . length $body), 'Connection: close', @headers), "\r\n\r\n";
        return;
    }
    return reply($c, '302 Found', '', "Location: http://127.0.0.1:" . slurp("$other.port") . "/$file?Signature=abc", @headers) if $large;
    content($c, $body, $range, $action, $argument, @headers);
}

my $s = IO::Socket::INET->new(Listen => 20, LocalAddr => '127.0.0.1') or die;
spill("$name.port", $s->sockport);
while (1) {
    my $c = $s->accept or next;
    next if fork;
    my ($method, $address) = split ' ', <$c> // exit;
    my ($token, $range) = ('none', undef);
    while (<$c>) {
        last if /^\r\n/;
        $token = $1 if /^(?:Proxy-)?Authorization: (?:Bearer )?(.*?)\r/i;
        $range = $1 if /^Range: bytes=(\d+)-/i;
    }
    note("$method $address $token " . ($range // 0));
    answer($c, $method, $address, $range);
    close $c;
    exit;
}
