# Hostile data sets, settings, and files of a project, for make.pl.
use strict;
use warnings;
our $root;

# ---- data sets ----

sub data {    # NAME BYTES REASON [ARGUMENTS]
    my ($name, $bytes, $reason) = @_;
    put("data/$name", $bytes);
    case('data', "data/$name", $name, $reason);
}
my $GOOD = "{\"prompt\": \"a good row\", \"chosen\": \"yes\", \"rejected\": \"no\"}\n";
data('empty.jsonl', '', 'no rows');
data('blank.jsonl', "\n \n\r\n" x 1000, 'no rows');
data('cut.jsonl', $GOOD . '{"prompt": "a", "chosen": "b', 'line 2');
data('words.jsonl', "once upon a time\n", 'not JSON');
data('csv.jsonl', "prompt,chosen,rejected\na,b,c\n", 'not JSON');
data('binary.jsonl', join('', map { chr } 0 .. 255) x 16, 'not JSON');
data('utf_16.jsonl', "\xff\xfe" . join('', map { "$_\0" } split //, $GOOD), 'not valid UTF-8');
data('latin_1.jsonl', "{\"prompt\": \"caf\xe9\"}\n", 'not valid UTF-8');
data('too_long_a_form.jsonl', "{\"prompt\": \"\xc0\xaf\"}\n", 'not valid UTF-8');
data('nul.jsonl', "$GOOD\{\"prompt\": \"a\0b\"}\n", 'NUL');
data('escaped_nul.jsonl', "$GOOD\{\"prompt\": \"a\\u0000b\"}\n", '\u0000');
data('half_a_pair.jsonl', "{\"prompt\": \"\\ud83d\"}\n", 'surrogate');
data('deep.jsonl', '{"prompt": ' . '[' x 100_000 . ']' x 100_000 . "}\n", 'levels deep');
data('deep_beside.jsonl', '{"prompt": "a", "meta": ' . '{"a":' x 65 . '1' . '}' x 65 . "}\n", 'levels deep');
data('key_twice.jsonl', "{\"prompt\": \"a\", \"prompt\": \"b\"}\n", 'twice');
data('beyond_double.jsonl', "{\"prompt\": \"a\", \"score\": 1e999}\n", 'too large');
data('two_rows_a_line.jsonl', "{\"prompt\": \"a\"} {\"prompt\": \"b\"}\n", 'expected the end');
data('a_text_a_line.jsonl', "\"prompt\"\n", 'not a JSON object');
data('a_list_a_line.jsonl', "[\"a\"]\n[\"b\"]\n", 'not a JSON object');
data('form_unknown.jsonl', "{\"question\": \"a\", \"answer\": \"b\"}\n", 'unknown form');
data("prompt_$_->[0].jsonl", "$GOOD\{\"prompt\": $_->[1]}\n", $_->[2])
    for ['number', 7, 'is no text'], ['list', '["a"]', 'message 1 is no object'], ['empty', '""', 'prompt is empty'], ['blank', '" \n\t"', 'prompt is empty'],
    ['tool', '[{"role": "tool", "content": "a"}]', 'the role "tool"'], ['image', '[{"role": "user", "content": [{"type": "image_url"}]}]', 'is no text'],
    ['many', '[' . join(',', ('{"role": "user", "content": "a"}') x 1001) . ']', 'more than 1000 messages'];
data('prompt_null.jsonl', "{\"prompt\": null}\n", 'unknown form');
data("completion_$_->[0].jsonl", "$GOOD\{\"prompt\": \"a\", \"completion\": $_->[1]}\n", $_->[2])
    for ['number', 7, 'is no text'], ['empty', '""', 'completion is empty'], ['labelled', '"b", "label": "yes"', 'neither true nor false'];
data("pair_$_->[0].jsonl", "$GOOD\{\"prompt\": \"a\", $_->[1]}\n", $_->[2])
    for ['equal', '"chosen": "b", "rejected": "b"', 'equal'], ['chosen_alone', '"chosen": "b"', 'without "rejected"'],
    ['rejected_alone', '"rejected": "b"', 'without "chosen"'], ['chosen_list', '"chosen": [], "rejected": "b"', 'more than one answer'],
    ['chosen_empty', '"chosen": "", "rejected": "b"', 'chosen is empty'];
data('pair_both_ways.jsonl', "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}\n{\"prompt\": \"a\", \"chosen\": \"c\", \"rejected\": \"b\"}\n",
    'other answer preferred');
data('dialogues_without_turn.jsonl', "{\"chosen\": \"a b\", \"rejected\": \"c b\"}\n", 'no prompt');
data('array_cut.json', '[{"prompt": "a"}, {"prompt": ', 'no JSON array');
data('array_goes_on.json', '[{"prompt": "a"}] x', 'no JSON array');
data('array_of_numbers.json', '[1, 2, 3]', 'not a JSON object');
data('array_one_bad.json', '[{"prompt": "a"}, {"prompt": 7}]', 'element 2');
data('array_deep.json', '[' x 100_000, 'levels deep');
data('not_gzip.jsonl.gz', "\x1f\x8b\x08" . "\xff" x 100, 'not_gzip.jsonl.gz');
gzip('data/gzip_cut.jsonl.gz', join('', map { "{\"prompt\": \"row $_\"}\n" } 1 .. 9999), 1);
truncate "$root/data/gzip_cut.jsonl.gz", 8000 or die;
case('data', 'data/gzip_cut.jsonl.gz', 'gzip_cut.jsonl.gz', 'cut short');
gzip('data/long_line.jsonl.gz', '{"prompt": "', 1, 'a' x 1_000_000, 100, "\"}\n", 1);
case('data', 'data/long_line.jsonl.gz', 'long_line.jsonl.gz', 'longer than 16 MiB');
gzip('data/long_array.json.gz', '[', 1, ' ' x 1_000_000, 270);
case('data', 'data/long_array.json.gz', 'long_array.json.gz', 'more than 256 MiB');
mkdir "$root/data/folder.jsonl";
case('data', 'data/folder.jsonl', 'folder.jsonl', '');
case('data', 'data/nowhere.jsonl', 'nowhere.jsonl', '');

# ---- texts to train on ----

sub corpus { put("corpus/$_[0]", $_[1]), case('corpus', "corpus/$_[0]", $_[0], $_[2]) }    # NAME BYTES REASON
corpus('no_text.jsonl', "{\"text\": \"a\"}\n{\"prompt\": \"a\"}\n", 'line 2');
corpus('text_a_list.jsonl', "{\"text\": [\"a\"]}\n", 'no "text"');
corpus('cut.jsonl', "{\"text\": \"a\"}\n{\"text\": ", 'line 2');
corpus('deep.jsonl', '[' x 100_000 . "\n", 'levels deep');
corpus('latin_1.txt', "caf\xe9\n", 'not UTF-8');
corpus('nul.txt', "a\0b\n", 'byte 2');
corpus('empty.txt', '', 'no text');

# ---- settings ----

sub settings { put("settings/$_[0].json", $_[1]), case('settings', "settings/$_[0].json", "$_[0].json", $_[2]) }    # NAME BYTES REASON
settings('empty', '', 'the text ends');
settings('cut', '{"ppo": {"epochs": ', 'the text ends');
settings('a_list', '[]', 'expected');
settings('a_text', '"ppo"', 'expected');
settings('comment_open', "{\n/* for ever", 'comment is not closed');
settings('deep', '{"ppo": ' . '[' x 100_000 . ']' x 100_000 . '}', 'levels deep');
settings('latin_1', "{\"ppo\": \"\xe9\"}", 'not valid UTF-8');
settings('section_unknown', '{"pppo": {}}', 'is no section');
settings('section_of_a_megabyte', '{"' . 'p' x 500_000 . '": {}}', 'is no section');
settings('section_a_list', '{"ppo": []}', 'expected { settings }');
settings('section_null', '{"ppo": null}', 'expected { settings }');
settings('section_twice', "{\"ppo\": {},\n\"ppo\": {}}", 'twice');
settings('name_unknown', '{"ppo": {"epocs": 4}}', 'is no setting');
settings('name_with_escape', '{"ppo": {"\u001b[2J\u009b2J": 4}}', 'is no setting');
settings('name_with_dots', '{"ppo": {"ppo.epochs": 4}}', 'is no setting');
settings('name_empty', '{"ppo": {"": 4}}', 'is no setting');
settings("number_$_->[0]", "{\"ppo\": {\"epochs\": $_->[1]}}", 'ppo.epochs')
    for ['a_text', '"4"'], ['null', 'null'], ['true', 'true'], ['an_object', '{}'], ['negative', -1], ['a_half', 1.5], ['vast', '1e300'],
    ['of_2_to_63', '9223372036854775808'];
settings('choice_unknown', '{"ppo": {"value_head": "x\u001b[2J"}}', 'ppo.value_head');
settings('choice_a_number', '{"ppo": {"value_head": 1}}', 'ppo.value_head');
settings('beyond_double', '{"ppo": {"kl_coef": 1e999}}', 'too large');
settings('more_than_a_megabyte', ' ' x (1 << 20) . '{}', 'larger than');

# ---- a project's own files ----

sub project { put("project/$_[0].json", $_[1]), case('project', "project/$_[0].json", 'project.json', $_[2]) }    # NAME BYTES REASON
project('empty', '', 'the text ends');
project('a_list', '[]', 'expected an object');
project('cut', '{"models": {"base": ', 'the text ends');
project('deep', '{"models": ' . '[' x 100_000 . ']' x 100_000 . '}', 'levels deep');
project('latin_1', "{\"models\": {\"base\": \"\xe9\"}}", 'not valid UTF-8');
project('models_a_list', '{"models": ["base"]}', 'models');
project('model_a_number', '{"models": {"base": 7}}', 'models.base');
project('key_twice', '{"models": {"base": "a", "base": "b"}}', 'twice');

sub manifest { put("manifest/$_[0].json", $_[1]), case('manifest', "manifest/$_[0].json", $_[2], $_[3]) }    # NAME BYTES FILE REASON
sub files { '{"format": 1, "step": 2, "files": [' . join(', ', @_) . ']}' }
my $SUM = '"sha256": "' . '0' x 64 . '"';
manifest('empty', '', 'manifest.json', 'the text ends');
manifest('a_list', '[]', 'manifest.json', 'no list of files');
manifest('cut', '{"format": 1, "files": [', 'manifest.json', 'the text ends');
manifest('deep', '{"files": ' . '[' x 100_000 . ']' x 100_000 . '}', 'manifest.json', 'levels deep');
manifest('files_an_object', '{"format": 1, "step": 2, "files": {}}', 'manifest.json', 'no list of files');
manifest('of_nothing', files(), 'manifest.json', 'lists no file');
manifest('entry_a_number', files(7), 'manifest.json', 'bad file name');
manifest("name_$_->[0]", files("{\"name\": $_->[1], \"size\": 1, $SUM}"), 'manifest.json', 'bad file name')
    for ['a_number', 7], ['empty', '""'], ['above', '"../../../project.json"'], ['absolute', '"/etc/passwd"'];
manifest('name_of_nothing', files("{\"name\": \"x\", \"size\": 1, $SUM}"), 'step-000002/x', 'another size');
manifest('size_wrong', files("{\"name\": \"config.json\", \"size\": 1, $SUM}"), 'config.json', 'another size');
manifest('size_vast', files("{\"name\": \"config.json\", \"size\": 1e300, $SUM}"), 'config.json', 'another size');
manifest('size_a_text', files("{\"name\": \"config.json\", \"size\": \"1\", $SUM}"), 'config.json', 'another size');
my $size = length config();
manifest('sum_wrong', files("{\"name\": \"config.json\", \"size\": $size, $SUM}"), 'config.json', 'another content');
manifest('sum_missing', files("{\"name\": \"config.json\", \"size\": $size}"), 'config.json', 'another content');

sub ppo { put("ppo/$_[0].json", $_[1]), case('ppo', "ppo/$_[0].json", 'ppo.json', $_[2]) }    # NAME BYTES REASON
ppo('empty', '', 'the text ends');
ppo('a_list', '[]', 'kl_coef');
ppo('no_coefficient', '{}', 'kl_coef');
ppo('a_text', '{"kl_coef": "0.05"}', 'kl_coef');
ppo('beyond_double', '{"kl_coef": 1e999}', 'too large');
ppo('cut', '{"kl_coef": 0.', '');
ppo('deep', '[' x 10_000, 'levels deep');

sub metrics { put("metrics/$_[0].jsonl", $_[1]), case('metrics', "metrics/$_[0].jsonl", 'metrics.jsonl', $_[2]) }    # NAME BYTES REASON
metrics('cut', "{\"step\":1}\n{\"step\":", 'line 2');
metrics('latin_1', "{\"step\":1,\"x\":\"\xe9\"}\n", 'not valid UTF-8');
metrics('nul', "{\"step\":1}\n\0{\"step\":2}\n", 'NUL');
metrics('deep', '[' x 100_000 . "\n", 'levels deep');
metrics('a_list', "[1]\n", 'object');
metrics('beyond_double', "{\"step\":1,\"loss\":1e999}\n", 'too large');
metrics('key_twice', "{\"step\":1,\"step\":2}\n", 'twice');

sub resumed { put("resumed/$_[0].json", $_[1]), case('resumed', "resumed/$_[0].json", 'settings.json', $_[2]) }    # NAME BYTES REASON
resumed('empty', '', 'the text ends');
resumed('a_list', '[]', 'expected');
resumed('deep', '{"settings": ' . '[' x 100_000 . ']' x 100_000 . '}', 'levels deep');
resumed('latin_1', "{\"settings\": {\"ppo\": \"\xe9\"}, \"inputs\": {}}", 'not valid UTF-8');
resumed('section_a_list', '{"seed": 1, "inputs": {}, "settings": {"ppo": []}}', 'expected { settings }');
resumed('number_a_text', '{"seed": 1, "inputs": {}, "settings": {"ppo": {"epochs": "4"}}}', 'ppo.epochs');
resumed('more_than_a_megabyte', ' ' x (1 << 20) . '{}', 'larger than');

# ---- pairs to evaluate on, rows to score ----

sub pairs { put("pairs/$_[0].jsonl", $_[1]), case('pairs', "pairs/$_[0].jsonl", "$_[0].jsonl", $_[2]) }    # NAME BYTES REASON
pairs('cut', $GOOD . '{"prompt": "a", "chosen": "b', 'line 2');
pairs('prompt_a_number', "{\"prompt\": 7, \"chosen\": \"b\", \"rejected\": \"c\"}\n", 'line 1');
pairs('no_rejected', "{\"prompt\": \"a\", \"chosen\": \"b\"}\n", 'line 1');
pairs('latin_1', "{\"prompt\": \"\xe9\", \"chosen\": \"b\", \"rejected\": \"c\"}\n", 'not valid UTF-8');
pairs('deep', '[' x 100_000 . "\n", 'levels deep');

sub rows { put("rows/$_[0].jsonl", $_[1]), case('rows', "rows/$_[0].jsonl", 'line', $_[2]) }    # NAME BYTES REASON, from standard input
my $ROW = '"prompt": "a", "response": "b"';
rows('cut', '{"prompt": "a", "response": "', 'line 1');
rows('a_list', "[1]\n", 'needs prompt and response');
rows('response_a_number', "{\"prompt\": \"a\", \"response\": 7}\n", 'needs prompt and response');
rows('nul', "{$ROW}\0\n", 'NUL');
rows("ids_$_->[0]", "{$ROW, \"ids\": $_->[1]}\n", 'ids')
    for ['a_number', 7], ['of_none', '[]'], ['negative', '[-1]'], ['a_half', '[1.5]'], ['beyond', '[320]'], ['of_2_to_31', '[2147483648]'],
    ['of_2_to_63', '[9223372036854775808]'], ['1e300', '[1e300]'], ['a_text', '["1"]'], ['of_another_text', '[1]'];
gzip('rows/long_line.jsonl.gz', '{"prompt": "', 1, 'a' x 1_000_000, 100, "\"}\n", 1);
case('rows', 'rows/long_line.jsonl.gz', 'line 1', 'longer than 16 MiB');

1;
