#!/usr/bin/env perl
# Hostile files, for tests/cli/test_hostile.sh: make.pl FOLDER writes them into FOLDER, a folder or file per case,
# and prints a line per case, of tabs between
#     kind    what reads it (the script's table)
#     path    of the case, from FOLDER
#     file    what the error has to name
#     reason  what else it has to say
# Large files are sparse or compressed; all together they take a few MB.
use strict;
use warnings;
use File::Basename;
use File::Spec;

our $root = shift // die "usage: make.pl FOLDER\n";

# ---- writing ----

sub put {    # PATH BYTES: below $root, with the folders to it
    my ($path, $bytes) = @_;
    my $folder = '';
    $folder .= "/$1", mkdir "$root$folder" while $path =~ m{\G/?([^/]+)(?=/)}g;
    open my $to, '>:raw', "$root/$path" or die "$path: $!\n";
    print $to $bytes;
    close $to or die "$path: $!\n";
}
sub grow { truncate "$root/$_[0]", $_[1] or die "$_[0]: $!\n" }    # PATH SIZE: a hole to the end
# PATH, then BYTES, TIMES and so on: compressed apart and put together, which is one file to those who read it.
sub gzip {
    my ($path, @parts) = @_;
    my $all = '';
    while (my ($bytes, $times) = splice @parts, 0, 2) {
        put($path, $bytes);
        $all .= `gzip -c '$root/$path'` x $times;
    }
    put($path, $all);
}
sub object { my %o = @_; '{' . join(', ', map { "\"$_\": $o{$_}" } sort keys %o) . "}\n" }    # NAME JSON...
sub case { print join("\t", @_), "\n" }    # KIND PATH FILE REASON

# ---- the cases ----

my $here = File::Spec->rel2abs(dirname($0));
require "$here/models.pl";
require "$here/data.pl";
