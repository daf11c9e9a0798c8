# Hostile models, for make.pl: weights, shards, config.json, adapters, tokenizer.json.
use strict;
use warnings;
our $root;

# ---- models ----

# A Llama of one layer that opens; 8 tokens, width 4.
my @SHAPE = (
    ['model.embed_tokens.weight' => 8, 4],
    (map { ["model.layers.0.$_.weight" => 4, 4] } qw(self_attn.q_proj self_attn.k_proj self_attn.v_proj
            self_attn.o_proj mlp.gate_proj mlp.up_proj mlp.down_proj)),
    (map { ["model.$_.weight" => 4] } qw(layers.0.input_layernorm layers.0.post_attention_layernorm norm)));
my %CONFIG = (
    model_type => '"llama"', num_hidden_layers => 1, num_attention_heads => 1, num_key_value_heads => 1,
    hidden_size => 4, intermediate_size => 4, vocab_size => 8, max_position_embeddings => 8,
    tie_word_embeddings => 'true', architectures => '["LlamaForCausalLM"]');
my %GPT2 = (
    model_type => '"gpt2"', n_layer => 1, n_head => 1, n_embd => 4, n_positions => 8, vocab_size => 8);

sub config { object(%CONFIG, @_) }
sub safetensors { pack('Q<', length $_[0]) . join '', @_ }    # HEADER DATA
sub floats { pack 'f<*', (0.5) x $_[0] }

# Tensors [NAME, DIMENSION...] one after the other, all F32 and 0.5; %change: NAME => [DTYPE, BYTES, DIMENSION...].
sub tensors {
    my ($list, %change) = @_;
    my ($header, $data) = ('', '');
    for my $t (@$list) {
        my ($name, @shape) = @$t;
        my $n = 1;
        $n *= $_ for @shape;
        my ($dtype, $bytes) = ('F32', floats($n));
        ($dtype, $bytes, @shape) = @{ $change{$name} } if $change{$name};
        my $at = length $data;
        $data .= $bytes;
        $header .= sprintf '%s"%s":{"dtype":"%s","shape":[%s],"data_offsets":[%d,%d]}', $header ? ',' : '', $name,
            $dtype, join(',', @shape), $at, length $data;
    }
    return safetensors("{$header}", $data);
}
sub model { tensors(\@SHAPE, @_) }

# The same model with another vocabulary and width, all its weights a hole.
sub hollow {    # PATH VOCABULARY WIDTH
    my ($path, $vocabulary, $width) = @_;
    my ($header, $at) = ('', 0);
    for my $t (@SHAPE) {
        my @shape = map { $_ == 8 ? $vocabulary : $width } @$t[1 .. $#$t];
        my $end = $at + 4 * ($shape[1] // 1) * $shape[0];
        $header .= sprintf '%s"%s":{"dtype":"F32","shape":[%s],"data_offsets":[%d,%d]}', $header ? ',' : '', $t->[0],
            join(',', @shape), $at, $end;
        $at = $end;
    }
    put("$path/config.json", config(vocab_size => $vocabulary, hidden_size => $width, intermediate_size => $width));
    put("$path/model.safetensors", safetensors("{$header}"));
    grow("$path/model.safetensors", 10 + length($header) + $at);
}

sub weights {    # NAME BYTES REASON: a model with such weights
    my ($name, $bytes, $reason) = @_;
    put("weights/$name/config.json", config());
    put("weights/$name/model.safetensors", $bytes);
    case('model', "weights/$name", 'model.safetensors', $reason);
}
sub folder {    # NAME REASON: the same, but the error names the folder, since config and weights disagree
    my ($name, $bytes, $reason) = @_;
    put("weights/$name/config.json", config());
    put("weights/$name/model.safetensors", $bytes);
    case('model', "weights/$name", "weights/$name", $reason);
}
sub header { weights($_[0], safetensors($_[1], $_[2] // floats(2)), $_[3]) }    # NAME HEADER DATA REASON
sub entry {                                                                     # NAME ENTRY REASON: one tensor of 8 bytes
    header($_[0], "{\"x\":{$_[1]}}", undef, $_[2]);
}
my $X = '"dtype":"F32","shape":[2]';

weights('empty', '', 'too few');
weights('seven_bytes', "\1" x 7, 'too few');
weights('length_0', pack('Q<', 0), 'the header ends');
weights('length_1', pack('Q<', 1) . '{', 'the header ends');
weights('length_one_too_many', pack('Q<', 3) . '{}', 'beyond the end of the file');
weights('length_2_to_63', pack('Q<', 1 << 63) . '{}', 'beyond 100,000,000');
weights('length_2_to_64', "\xff" x 8 . '{}', 'beyond 100,000,000');
weights('length_over_limit', pack('Q<', 100_000_001) . '{}', 'beyond 100,000,000');
grow('weights/length_over_limit/model.safetensors', 200_000_000);
weights('length_at_limit', pack('Q<', 100_000_000) . '{}', 'not UTF-8');
grow('weights/length_at_limit/model.safetensors', 100_000_008);
weights('a_terabyte_of_nothing', model(), 'the file holds');
grow('weights/a_terabyte_of_nothing/model.safetensors', 1 << 40);
weights('cut_in_half', substr(model(), 0, length(model()) / 2), '');
weights('one_byte_lost', substr(model(), 0, -1), 'data_offsets end');
weights('one_byte_more', model() . "\0", 'the tensors take');
weights('pickle', "\x80\x02}q\0." . "\0" x 64, 'pickle');
weights('pickle_in_zip', "PK\3\4" . "\0" x 64, 'pickle');
weights('gguf', "GGUF\3\0\0\0" . "\0" x 64, 'not a safetensors file');
weights('lfs_pointer', "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", 'not a safetensors file');
weights('web_page', "<!DOCTYPE html><html><body>404</body></html>\n", 'not a safetensors file');

header('a_list', '[]', undef, "no '{'");
header('a_mark_first', "\xef\xbb\xbf{}", undef, "no '{'");
header('goes_on', "{\"x\":{$X,\"data_offsets\":[0,8]}} {}", undef, 'goes on');
header('no_colon', '{"x"}', undef, "no ':'");
header('no_comma', "{\"x\":{$X \"data_offsets\":[0,8]}}", undef, "no '}'");
header('nul', "{\"x\0\":{$X,\"data_offsets\":[0,8]}}", undef, 'not UTF-8');
header('latin_1', "{\"\xe9\":{$X,\"data_offsets\":[0,8]}}", undef, 'not UTF-8');
header('surrogate_bytes', "{\"\xed\xa0\x80\":{$X,\"data_offsets\":[0,8]}}", undef, 'not UTF-8');
header('escaped_nul', "{\"\\u0000\":{$X,\"data_offsets\":[0,8]}}", undef, '\u0000');
header('half_a_pair', "{\"\\ud800x\":{$X,\"data_offsets\":[0,8]}}", undef, 'surrogate');
header('bare_newline', "{\"a\nb\":{$X,\"data_offsets\":[0,8]}}", undef, 'control character');
header('newline_in_name', "{\"a\\nb\":{$X,\"data_offsets\":[0,9]}}", undef, 'data_offsets end');
header('escape_in_name', "{\"\\u001b]0;x\\u0007\\u009b2J\":{$X,\"data_offsets\":[0,9]}}", undef, 'data_offsets end');
header('name_of_a_megabyte', '{"' . 'x' x 1_000_000 . "\":{$X,\"data_offsets\":[0,9]}}", undef, 'data_offsets end');
header('ten_thousand_deep', '{"x":{"shape":' . '[' x 10_000 . ']' x 10_000 . '}}', undef, 'shape');
header('deep_metadata', '{"__metadata__":' . '{"a":' x 10_000 . '1' . '}' x 10_000 . '}', undef, '__metadata__');
header('metadata_number', '{"__metadata__":{"a":1}}', undef, '__metadata__');
header('metadata_twice', '{"__metadata__":{},"__metadata__":{}}', undef, '__metadata__ is given twice');
header('named_twice', "{\"x\":{$X,\"data_offsets\":[0,8]},\"x\":{$X,\"data_offsets\":[8,16]}}", floats(4), 'named twice');
header('named_twice_by_escape', "{\"x\":{$X,\"data_offsets\":[0,8]},\"\\u0078\":{$X,\"data_offsets\":[8,16]}}", floats(4),
    'named twice');
header('last_of_many_twice', '{' . join('', map { "\"t$_\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}," }
            0 .. 49_999) . '"t7":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}', '', 'named twice');
entry('dtype_unknown', '"dtype":"F128","shape":[2],"data_offsets":[0,8]', 'unknown dtype');
entry('dtype_small_letters', '"dtype":"f32","shape":[2],"data_offsets":[0,8]', 'unknown dtype');
entry('dtype_number', '"dtype":32,"shape":[2],"data_offsets":[0,8]', 'dtype');
entry('dtype_twice', "\"dtype\":\"F32\",$X,\"data_offsets\":[0,8]", 'dtype is given twice');
entry('dtype_missing', '"shape":[2],"data_offsets":[0,8]', 'dtype is missing');
entry('no_members', '', 'entry');
entry('member_unknown', "$X,\"data_offsets\":[0,8],\"strides\":[1]", 'unknown member');
entry('half_a_byte', '"dtype":"F4","shape":[3],"data_offsets":[0,8]', 'no size in bytes');
for my $s (['negative', '-2'], ['fraction', '2.0'], ['exponent', '2e0'], ['text', '"2"'], ['plus', '+2'], ['leading_zero', '02'])
{
    entry("shape_$s->[0]", "\"dtype\":\"F32\",\"shape\":[$s->[1]],\"data_offsets\":[0,8]", 'expected a whole number');
    entry("offsets_$s->[0]", "$X,\"data_offsets\":[0,$s->[1]]", 'expected a whole number');
}
entry('shape_beyond_64_bits', '"dtype":"F32","shape":[18446744073709551618],"data_offsets":[0,8]', '64 bits');
entry('shape_beyond_63_bits', '"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]', '63 bits');
entry('product_overflows', '"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8]', '63 bits');
entry('bits_overflow', '"dtype":"F32","shape":[2305843009213693953],"data_offsets":[0,8]', 'no size');
entry('size_wraps_round', '"dtype":"F64","shape":[2305843009213693953],"data_offsets":[0,8]', 'no size');
entry('too_many_dimensions', '"dtype":"F32","shape":[' . join(',', (1) x 65) . '],"data_offsets":[0,8]', 'more than');
entry('offsets_missing', $X, 'data_offsets is missing');
entry('offsets_one', "$X,\"data_offsets\":[8]", 'needs two');
entry('offsets_three', "$X,\"data_offsets\":[0,4,8]", 'more than 2');
entry('offsets_backwards', "$X,\"data_offsets\":[8,0]", 'backwards');
entry('offsets_outside', "$X,\"data_offsets\":[8,16]", 'data_offsets end at 16');
entry('offsets_2_to_64', "$X,\"data_offsets\":[0,18446744073709551615]", 'data_offsets end');
entry('offsets_of_another_size', '"dtype":"F16","shape":[2],"data_offsets":[0,8]', 'takes 4 bytes');
header('hole_first', "{\"x\":{$X,\"data_offsets\":[4,12]}}", floats(3), 'begins at byte 4');
header('hole_between', "{\"x\":{$X,\"data_offsets\":[0,8]},\"y\":{$X,\"data_offsets\":[12,20]}}", floats(5), 'begins at byte 12');
header('hole_last', "{\"x\":{$X,\"data_offsets\":[0,8]}}", floats(3), 'the file holds 12');
header('overlap', "{\"x\":{$X,\"data_offsets\":[0,8]},\"y\":{$X,\"data_offsets\":[7,15]}}", floats(4), 'begins at byte 7');
header('same_place', "{\"x\":{$X,\"data_offsets\":[0,8]},\"y\":{$X,\"data_offsets\":[0,8]}}", floats(2), 'begins at byte 0');

my ($norm, $query) = ('model.norm.weight', 'model.layers.0.self_attn.q_proj.weight');
folder('not_a_number', model($norm => ['F32', pack('f<4', 1, 1, 'nan', 1), 4]), "not a number: tensor $norm of model.safetensors");
folder('infinite', model($query => ['F32', pack('f<16', (1) x 15, '-inf'), 4, 4]), "not a number: tensor $query of model.safetensors");
folder('infinite_as_float', model($norm => ['F64', pack('d<4', 1, 1, 1e300, 1), 4]), "not a number: tensor $norm of model.safetensors");
folder('weights_of_integers', model($norm => ['I32', pack('l<4', 1, 1, 1, 1), 4]), 'it is I32');
folder('weights_of_eight_bits', model($query => ['F8_E4M3', 'x' x 16, 4, 4]), 'it is F8_E4M3');
folder('shape_turned', model('model.embed_tokens.weight' => ['F32', floats(32), 4, 8]), 'another shape');
folder('shape_flat', model($query => ['F32', floats(16), 16]), 'another shape');
folder('tensor_missing', tensors([grep { $_->[0] ne $query } @SHAPE]), 'is missing');
folder('no_tensors', safetensors('{}'), 'is missing');

# Weights as many as config.json says, and a hole in the file for all of them: 2^38 for the embedding alone.
hollow('weights/more_than_memory', 1 << 24, 1 << 14);
case('model', 'weights/more_than_memory', 'weights/more_than_memory', 'GB are free');

for my $kind (['fifo', 'not a regular file'], ['directory', 'not a regular file'])
{
    my $at = "weights/$kind->[0]";
    put("$at/config.json", config());
    system($kind->[0] eq 'fifo' ? 'mkfifo' : 'mkdir', "$root/$at/model.safetensors") == 0 or die;
    case('model', $at, 'model.safetensors', $kind->[1]);
}
put('weights/link_to_itself/config.json', config());
symlink 'model.safetensors', "$root/weights/link_to_itself/model.safetensors";
case('model', 'weights/link_to_itself', 'weights/link_to_itself', 'no model.safetensors');

# ---- models in shards ----

my @FIRST = @SHAPE[0 .. 4];
my @SECOND = @SHAPE[5 .. $#SHAPE];

sub weight_map { my %map = @_; '{"weight_map": {' . join(', ', map { "\"$_\": $map{$_}" } sort keys %map) . '}}' }
my %MAP = ((map { $_->[0] => '"a.safetensors"' } @FIRST), (map { $_->[0] => '"b.safetensors"' } @SECOND));

sub shards {    # NAME INDEX FILE REASON A B
    my ($name, $index, $file, $reason, $first, $second) = @_;
    my $at = "shards/$name";
    put("$at/config.json", config());
    put("$at/model.safetensors.index.json", $index);
    put("$at/a.safetensors", $first // tensors(\@FIRST));
    put("$at/b.safetensors", $second // tensors(\@SECOND));
    case('model', $at, $file, $reason);
}
my $INDEX = 'model.safetensors.index.json';
shards('index_empty', '', $INDEX, 'the text ends');
shards('index_cut', substr(weight_map(%MAP), 0, 100), $INDEX, 'the text ends');
shards('index_a_list', '[]', $INDEX, 'weight_map is missing');
shards('index_without_map', '{"metadata": {}}', $INDEX, 'weight_map is missing');
shards('index_of_nothing', '{"weight_map": {}}', $INDEX, 'missing or empty');
shards('index_map_a_list', '{"weight_map": ["a.safetensors"]}', $INDEX, 'weight_map is missing');
shards('index_number', weight_map(%MAP, $query => 1), $INDEX, 'not a file name');
shards('index_no_name', weight_map(%MAP, $query => '""'), $INDEX, 'not a plain file name');
shards('index_above', weight_map(%MAP, $query => '"../a.safetensors"'), $INDEX, 'not a plain file name');
shards('index_absolute', weight_map(%MAP, $query => '"/etc/passwd"'), $INDEX, 'not a plain file name');
shards('index_hidden', weight_map(%MAP, $query => '".a"'), $INDEX, 'not a plain file name');
shards('index_newline', weight_map(%MAP, $query => '"a\nb"'), $INDEX, 'not a plain file name');
shards('index_no_shard', weight_map(%MAP, $query => '"c.safetensors"'), 'c.safetensors', 'cannot open');
shards('index_other_shard', weight_map(%MAP, $query => '"b.safetensors"'), $INDEX, 'has no tensor');
shards('index_tensor_nowhere', weight_map(%MAP, nowhere => '"a.safetensors"'), $INDEX, 'has no tensor');
shards('index_entry_missing', weight_map(map { $_ => $MAP{$_} } grep { $_ ne $query } keys %MAP), $INDEX, 'lists 10 tensors');
shards('index_key_twice', "{\"weight_map\": {\"x\": \"a.safetensors\",\n\"x\": \"b.safetensors\"}}", "$INDEX:2", 'twice');
shards('index_deep', '{"weight_map": ' . '[' x 100_000 . ']' x 100_000 . '}', $INDEX, 'levels deep');
shards('index_latin_1', "{\"weight_map\": {\"\xe9\": \"a.safetensors\"}}", $INDEX, 'not valid UTF-8');
shards('shard_cut', weight_map(%MAP), 'b.safetensors', '', undef, substr(tensors(\@SECOND), 0, -20));
shards('shard_empty', weight_map(%MAP), 'a.safetensors', 'too few', '');
shards('shard_header_of_2_to_63', weight_map(%MAP), 'a.safetensors', 'beyond', pack('Q<', 1 << 63) . '{}');
shards('shard_in_both', weight_map(%MAP), $INDEX, 'in two shards', undef, tensors([@SECOND, $FIRST[0]]));

# ---- config.json ----

sub configured {    # NAME BYTES REASON
    my ($name, $bytes, $reason) = @_;
    put("config/$name/config.json", $bytes);
    put("config/$name/model.safetensors", model());
    case('model', "config/$name", 'config.json', $reason);
}
configured('empty', '', 'the text ends');
configured('cut', substr(config(), 0, 60), 'config.json');
configured('a_list', '[]', 'model_type');
configured('a_number', '7', 'model_type');
configured('deep', '{"a": ' . '[' x 100_000 . ']' x 100_000 . '}', 'levels deep');
configured('latin_1', "{\"model_type\": \"\xe9\"}", 'not valid UTF-8');
configured('utf_16', "\xff\xfe{\0}\0", 'not valid UTF-8');
configured('nul', "{\"model_type\": \"llama\"}\0", 'NUL');
configured('key_twice', config() =~ s/\{/{"vocab_size": 9, /r, 'twice');
configured('comment', "// " . config(), 'expected');
configured('goes_on', config() . '{}', 'expected the end');
configured('more_than_a_megabyte', ' ' x (1 << 20) . config(), 'larger than');
configured('digits', config(vocab_size => '9' x 5000), '60 characters');
configured('beyond_double', config(rope_theta => '1e400'), 'too large');
configured('family_unknown', config(model_type => '"mamba\u001b[2J"'), 'is not supported');
configured('family_number', config(model_type => 1), 'model_type');
configured("no_$_", do { my %c = (%CONFIG); delete $c{$_}; object(%c) }, "$_ is missing")
    for qw(num_hidden_layers hidden_size vocab_size);
configured("layers_$_->[0]", config(num_hidden_layers => $_->[1]), $_->[2])
    for ['none', 0, 'below 1'], ['negative', -1, 'below 1'], ['very_negative', -1e9, 'num_hidden_layers'],
    ['a_thousand_million', 1e9, 'num_hidden_layers'], ['two_thousand', 2000, 'layers'], ['a_half', 1.5, 'num_hidden_layers'],
    ['of_2_to_53', '9007199254740993', 'num_hidden_layers'], ['a_text', '"1"', 'num_hidden_layers'], ['a_list', '[1]', 'num_hidden_layers'];
configured('heads_do_not_divide', object(%GPT2, n_head => 3), 'do not divide');
configured('heads_not_shared', config(num_attention_heads => 2, num_key_value_heads => 3), 'cannot share');
configured('head_odd', config(head_dim => 3), 'even head width');
configured('width_vast', config(hidden_size => 1 << 24, intermediate_size => 1 << 24, head_dim => 1 << 24), 'config.json speaks of');
configured('vocabulary_vast', config(vocab_size => 1 << 24), 'config.json speaks of');
configured('positions_vast', object(%GPT2, n_positions => 1 << 24), 'config.json speaks of');
configured('context_vast', config(max_position_embeddings => 1 << 24, head_dim => 64), 'positions');
configured('activation_unknown', config(hidden_act => '"relu"'), 'hidden_act');
configured('activation_number', config(hidden_act => 3), 'hidden_act');
configured('epsilon_0', config(rms_norm_eps => 0), 'epsilon');
configured('epsilon_a_text', config(rms_norm_eps => '"1e-5"'), 'rms_norm_eps');
configured('theta_0', config(rope_theta => 0), 'rope_theta');
configured('theta_a_text', config(rope_theta => '"1e6"'), 'rope_theta');
configured('tied_a_text', config(tie_word_embeddings => '"false"'), 'tie_word_embeddings');
configured('bias_a_number', config(attention_bias => 1), 'attention_bias');
configured("of_others_$_->[0]", config($_->[0] => $_->[1]), $_->[0])
    for ['final_logit_softcapping', 30], ['logit_scale', '"1"'], ['num_experts', 8], ['no_rope_layers', '[0]'], ['use_qk_norm', 'true'];
configured('scaling_unknown', config(rope_scaling => '{"type": "yarn", "factor": 4}'), 'rope_scaling');
configured('scaling_down', config(rope_scaling => '{"type": "linear", "factor": 0.5}'), 'factor');
configured('scaling_a_text', config(rope_scaling => '"linear"'), 'rope_scaling');
configured('scaling_factor_a_text', config(rope_scaling => '{"type": "linear", "factor": "4"}'), 'factor');
configured('theta_of_positions_a_text', config(rope_parameters => '{"rope_type": "default", "rope_theta": "10"}'), 'rope_theta');
configured('part_of_positions_a_text', config(rope_parameters => '{"partial_rotary_factor": "0.5"}'), 'partial_rotary_factor');
configured('scaling_kind_a_number', config(rope_scaling => '{"rope_type": 5, "factor": 8}'), 'rope_type');
configured('scaling_without_kind', config(rope_scaling => '{"factor": 8}'), 'rope_type');
configured('scaling_of_no_kind', config(rope_scaling => '{"type": null, "rope_type": null, "factor": 8}'), 'rope_type');
configured('quantized', config(quantization_config => '{"bits": 4}'), 'quantization_config');
configured('layers_of_kinds', config(layer_types => '["sliding_attention"]'), 'layer_types');
configured('layers_of_no_kind', config(layer_types => '[1]'), 'layer_types');
configured('many_ends', config(eos_token_id => '[' . join(',', (1) x 1000) . ']'), 'eos_token_id');
configured('end_a_text', config(eos_token_id => '"</s>"'), 'eos_token_id');
configured('labels_vast', config(architectures => '["LlamaForSequenceClassification"]', num_labels => 1e9), 'num_labels');
configured('labels_negative', config(architectures => '["LlamaForSequenceClassification"]', num_labels => -1), 'num_labels');
configured('labels_a_text', config(architectures => '["LlamaForSequenceClassification"]', id2label => '"x"'), 'id2label');
put('config/pipe/model.safetensors', model());
system('mkfifo', "$root/config/pipe/config.json") == 0 or die;
case('model', 'config/pipe', 'config.json', 'the text ends');
put('config/none/model.safetensors', model());
case('folder', 'config/none', 'config/none', 'config.json');

# ---- adapters ----

put('sound/config.json', config());
put('sound/model.safetensors', model());
# It opens too, without the tensor that config.json does not speak of, whose name is one for a terminal to obey.
put('more/config.json', config());
put('more/model.safetensors', tensors([@SHAPE, ["vision.\\u001b]0;x\\u0007" => 4]]));
my %ADAPTER = (
    peft_type => '"LORA"', r => 2, lora_alpha => 4, base_model_name_or_path => '"sound"', bias => '"none"',
    target_modules => '["q_proj"]');
my @UPDATE = (
    ["base_model.$query" =~ s/q_proj\.weight/q_proj.lora_A.weight/r =~ s/^base_model\.model/base_model.model.model/r, 2, 4],
    ["base_model.$query" =~ s/q_proj\.weight/q_proj.lora_B.weight/r =~ s/^base_model\.model/base_model.model.model/r, 4, 2]);
my ($A, $B) = map { $_->[0] } @UPDATE;

sub adapter {    # NAME CONFIG WEIGHTS FILE REASON
    my ($name, $config, $weights, $file, $reason) = @_;
    put("adapter/$name/adapter_config.json", $config // object(%ADAPTER));
    put("adapter/$name/adapter_model.safetensors", $weights // tensors(\@UPDATE));
    case('adapter', "adapter/$name", $file, $reason);
}
sub lora { adapter($_[0], object(%ADAPTER, %{ $_[1] }), undef, 'adapter_config.json', $_[2]) }    # NAME CHANGE REASON
sub update { adapter($_[0], undef, $_[1], $_[2], $_[3]) }                                       # NAME WEIGHTS FILE REASON
adapter('empty', '', undef, 'adapter_config.json', 'the text ends');
adapter('a_list', '[]', undef, 'adapter_config.json', 'object');
adapter('deep', '{"a": ' . '[' x 100_000 . ']' x 100_000 . '}', undef, 'adapter_config.json', 'levels deep');
adapter('latin_1', "{\"peft_type\": \"\xe9\"}", undef, 'adapter_config.json', 'not valid UTF-8');
lora('of_another_kind', { peft_type => '"IA3"' }, 'peft_type');
lora('kind_a_number', { peft_type => 1 }, 'peft_type');
lora('starts_elsewhere', { init_lora_weights => '"pissa_niter_4"' }, 'init_lora_weights');
lora('unknown_member', { use_dora => 'true' }, 'use_dora');
lora('member_with_escape', { '\u001b[2J\u009b2J' => 1 }, 'is not known');
lora('member_of_a_megabyte', { 'x' x 500_000 => 1 }, 'xxx');
lora('ranks_by_pattern', { rank_pattern => '{"q_proj": 8}' }, 'rank_pattern');
lora('stabilized_a_text', { use_rslora => '"yes"' }, 'use_rslora');
lora("rank_$_->[0]", { r => $_->[1] }, 'r is no rank')
    for ['0', 0], ['negative', -1], ['a_half', 1.5], ['a_text', '"2"'], ['vast', '1e300'], ['70000', 70000];
lora("alpha_$_->[0]", { lora_alpha => $_->[1] }, 'lora_alpha') for ['0', 0], ['a_text', '"4"'], ['vast', '1e300'];
lora('no_base', { base_model_name_or_path => 'null' }, 'does not name its base');
adapter("base_$_->[0]", object(%ADAPTER, base_model_name_or_path => "\"$_->[1]\""), undef, "adapter/base_$_->[0]", $_->[2])
    for ['gone', 'nowhere/at/all', 'not there'], ['with_newline', 'a\nb\u001b[2J', 'not there'],
    ['is_itself', 'adapter/base_is_itself', ''], ['is_an_adapter', 'adapter/rank_0', 'adapter itself'],
    ['of_slashes', '/' x 4000, 'not there'], ['very_long', 'x' x 300_000, 'base'];
lora('targets_others', { target_modules => '["v_proj", "mlp.down_proj"]' }, 'lists v_proj, and adapter_model.safetensors has updates of model.layers.0.self_attn.q_proj');
lora('targets_one_more', { target_modules => '["q_proj", "v_proj"]' }, 'v_proj');
lora('targets_a_number', { target_modules => 3 }, 'target_modules');
lora('targets_of_numbers', { target_modules => '[1]' }, 'target_modules');
adapter('rank_of_the_file_is_2', object(%ADAPTER, r => 65536), undef, 'adapter/rank_of_the_file_is_2', 'not 65536 by 4');

# Rank 65,536 of a width of 1,024 would take 3.7 GB; the file has rank 1.
hollow('wide', 8, 1024);
adapter('rank_of_the_file_is_1', object(%ADAPTER, r => 65536, target_modules => '"all-linear"', base_model_name_or_path => '"wide"'),
    tensors([map { my $name = "base_model.model.$_->[0]" =~ s/\.weight$//r; ["$name.lora_A.weight", 1, 1024], ["$name.lora_B.weight", 1024, 1] }
            @SHAPE[1 .. 7]]), 'adapter/rank_of_the_file_is_1', 'not 65536 by 1024');
update('shape_turned', tensors(\@UPDATE, $A => ['F32', floats(8), 4, 2]), 'adapter/shape_turned', 'is not 2 by 4');
update('half_missing', tensors([$UPDATE[0]]), 'adapter/half_missing', 'is missing');
update('of_another_model', tensors([['base_model.model.x.lora_A.weight', 2, 4]]), 'adapter_model.safetensors', 'no update');
update('one_too_many', tensors([@UPDATE, ['base_model.model.x.lora_A.weight', 2, 4]]), 'adapter/one_too_many', 'of no linear layer');
update('not_a_number', tensors(\@UPDATE, $B => ['F32', pack('f<8', (1) x 7, 'nan'), 4, 2]), 'adapter/not_a_number', "not a number: tensor $B of adapter_model.safetensors");
update('score_not_a_number', tensors([@UPDATE, ['base_model.model.score.weight', 1, 4]],
        'base_model.model.score.weight' => ['F32', pack('f<4', 1, 1, 1, 'nan'), 1, 4]), 'adapter/score_not_a_number', 'not a number: tensor base_model.model.score.weight of adapter_model.safetensors');
update('score_of_another_width', tensors([@UPDATE, ['base_model.model.score.weight', 1, 8]]), 'adapter/score_of_another_width', 'another shape');
update('score_bias_alone', tensors([@UPDATE, ['base_model.model.score.weight', 1, 4], ['base_model.model.score.bias', 7]]),
    'adapter/score_bias_alone', 'another shape');
update('of_integers', tensors(\@UPDATE, $A => ['I64', "\0" x 64, 2, 4]), 'adapter_model.safetensors', 'it is I64');
update('cut', substr(tensors(\@UPDATE), 0, -4), 'adapter_model.safetensors', 'data_offsets end');
update('length_2_to_63', pack('Q<', 1 << 63) . '{}', 'adapter_model.safetensors', 'beyond');
adapter('of_other_weights', undef, undef, 'adapter/of_other_weights', 'not those');
put('adapter/of_other_weights/base.sha256', 'f' x 64 . "\n");
put('adapter/no_weights/adapter_config.json', object(%ADAPTER));
case('adapter', 'adapter/no_weights', 'adapter_model.safetensors', 'cannot open');

# ---- tokenizer.json ----

# The 256 bytes by the letters that stand for them, so that what is wrong is what the case says, and "ab".
my ($others, %VOCAB) = (0, ab => 256);
for my $byte (0 .. 255) {
    my $itself = ($byte > 32 && $byte < 127) || ($byte > 160 && $byte != 173);
    my $letter = $itself ? $byte : 256 + $others++;
    $VOCAB{ $letter =~ /^(34|92)$/ ? sprintf('\\%c', $letter) : $letter < 127 ? chr $letter : sprintf '\\u%04x', $letter } = $byte;
}
my $LEVEL = '{"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}';

sub tokenizer_json {    # VOCAB MERGES ADDED
    my ($vocab, $merges, $added) = @_;
    $vocab //= object(%VOCAB);
    $merges //= '["a b"]';
    $added //= '[]';
    return "{\"added_tokens\": $added, \"normalizer\": null, \"pre_tokenizer\": $LEVEL, \"post_processor\": null,"
        . " \"decoder\": $LEVEL, \"model\": {\"type\": \"BPE\", \"vocab\": $vocab, \"merges\": $merges}}";
}
sub tokenizer {    # NAME BYTES [REASON]
    put("tokenizer/$_[0]/config.json", config());
    put("tokenizer/$_[0]/model.safetensors", model());
    put("tokenizer/$_[0]/tokenizer.json", $_[1]);
    case('tokenizer', "tokenizer/$_[0]", 'tokenizer.json', $_[2] // '');
}
tokenizer('empty', '');
tokenizer('version_2', tokenizer_json() =~ s/^\{/{"version": "2.0", /r, 'version');
tokenizer('version_a_number', tokenizer_json() =~ s/^\{/{"version": 1, /r, 'version');
tokenizer('a_list', '[]');
tokenizer('cut', substr(tokenizer_json(), 0, 200));
tokenizer('deep', '{"model": ' . '[' x 100_000 . ']' x 100_000 . '}');
tokenizer('latin_1', tokenizer_json("{\"\xe9\": 0}"));
tokenizer('nul', tokenizer_json() . "\0");
tokenizer('model_a_text', '{"model": "BPE"}');
tokenizer('vocabulary_a_number', tokenizer_json('7'));
tokenizer('token_twice', tokenizer_json(object(%VOCAB) =~ s/\{/{"a": 257, /r));
tokenizer('id_negative', tokenizer_json(object(%VOCAB, ab => -1)));
tokenizer('id_a_half', tokenizer_json(object(%VOCAB, ab => 1.5)));
tokenizer('id_a_text', tokenizer_json(object(%VOCAB, ab => '"2"')));
tokenizer('id_of_2_to_63', tokenizer_json(object(%VOCAB, ab => '9223372036854775808')));
tokenizer('id_1e300', tokenizer_json(object(%VOCAB, ab => '1e300')));
tokenizer('id_twice', tokenizer_json(object(%VOCAB, ab => 1)));
tokenizer('merge_of_unknown_left', tokenizer_json(undef, '["zz b"]'));
tokenizer('merge_of_unknown_right', tokenizer_json(undef, '[["a", "zz"]]'));
tokenizer('merge_to_unknown', tokenizer_json(undef, '["b a"]'));
tokenizer('merge_of_one', tokenizer_json(undef, '["ab"]'));
tokenizer('merge_a_number', tokenizer_json(undef, '[7]'));
tokenizer('merges_a_text', tokenizer_json(undef, '"a b"'));
tokenizer('added_a_text', tokenizer_json(undef, undef, '"x"'));
tokenizer('added_without_content', tokenizer_json(undef, undef, '[{"id": 257}]'));
tokenizer('added_outside', tokenizer_json(undef, undef, '[{"id": 1e9, "content": "x"}]'));
tokenizer('added_at_anothers_id', tokenizer_json(undef, undef, '[{"id": 0, "content": "x"}]'));
sub template { "{\"type\": \"TemplateProcessing\", \"single\": [$_[0], {\"Sequence\": {\"id\": \"A\"}}], \"special_tokens\": {\"x\": {\"ids\": [$_[1]]}}}" }
sub around { tokenizer_json() =~ s/"post_processor": null/"post_processor": $_[0]/r }    # POST-PROCESSOR
my $PIECE = '{"SpecialToken": {"id": "x"}}';
tokenizer('ids_in_front_multiply', around(template(join(',', ($PIECE) x 9000), join(',', (0) x 9000))), 'more than 64 ids');
tokenizer('tokens_in_front_of_no_ids', around(template(join(',', ($PIECE) x 9000), '')), 'no ids for');
tokenizer('templates_in_a_row', around('{"type": "Sequence", "processors": [' . join(',', (template($PIECE, '0')) x 5000) . ']}'), 'more than 64 ids');
tokenizer('too_large', tokenizer_json());
grow('tokenizer/too_large/tokenizer.json', 1 << 30);

# ---- tokenizer_config.json beside a sound one ----

sub token_config {    # NAME BYTES REASON
    put("tokenizer/config_$_[0]/tokenizer.json", tokenizer_json());
    put("tokenizer/config_$_[0]/tokenizer_config.json", $_[1]);
    case('tokenizer', "tokenizer/config_$_[0]", 'tokenizer_config.json', $_[2]);
}
token_config('empty', '', 'the text ends');
token_config('a_list', '[]', 'not a JSON object');
token_config('cut', '{"eos_token": ', 'the text ends');
token_config('deep', '{"a": ' . '[' x 100_000 . ']' x 100_000 . '}', 'levels deep');
token_config('latin_1', "{\"eos_token\": \"\xe9\"}", 'not valid UTF-8');
token_config('end_a_number', '{"eos_token": 7}', 'eos_token is not');
token_config('end_of_no_text', '{"eos_token": {"content": 7}}', 'eos_token is not');
token_config('end_with_escape', '{"eos_token": "\u001b[2J\u009b2J"}', 'is not a token');
token_config('beginning_of_none', '{"add_bos_token": true}', 'no bos_token');
token_config('add_a_text', '{"add_bos_token": "yes"}', 'add_bos_token is not');
token_config('template_a_number', '{"chat_template": 7}', 'chat_template is not');
token_config('template_without_text', '{"chat_template": [{"name": "default"}]}', 'chat_template is not');
token_config('too_large', '{}', 'larger than');
grow('tokenizer/config_too_large/tokenizer_config.json', 1 << 30);

# ---- the two older files ----

sub older {    # NAME VOCAB MERGES REASON
    my ($name, $vocab, $merges, $reason) = @_;
    put("tokenizer/older_$name/tokenizer_config.json", '{"tokenizer_class": "GPT2Tokenizer"}');
    put("tokenizer/older_$name/vocab.json", $vocab // object(%VOCAB));
    put("tokenizer/older_$name/merges.txt", $merges // "#version: 0.2\na b\n");
    case('tokenizer', "tokenizer/older_$name", defined $vocab ? 'vocab.json' : 'merges.txt', $reason);
}
older('vocabulary_empty', '', undef, 'the text ends');
older('vocabulary_a_list', '[]', undef, 'not a JSON object');
older('token_twice', '{"a": 0, "a": 1}', undef, 'twice');
older('id_twice', object(%VOCAB, ab => 1), undef, 'both have id 1');
older('id_negative', object(%VOCAB, ab => -1), undef, 'the id of');
older('id_1e300', object(%VOCAB, ab => '1e300'), undef, 'the id of');
older('merge_of_unknown', undef, "a zz\n", '');
older('merge_of_one', undef, "ab\n", '');
older('merge_twice', undef, "a b\na b\n", '');
older('merges_nul', undef, "a b\0\n", 'not UTF-8');
older('merges_latin_1', undef, "\xe9 b\n", 'not UTF-8');
older('merges_too_large', undef, '', 'larger than');
grow('tokenizer/older_merges_too_large/merges.txt', 1 << 30);

1;
