#!/usr/bin/env bash
# Tokens of a model that its tokenizer does not have, and how tokens of a tokenizer that was SentencePiece's are shown.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
tokenizer=$SOURCE_DIR/tests/golden/tokenizers/llama-2/tokenizer.json # 693 tokens

# A Llama of one layer, width 4, all weights 0, with that tokenizer.
llama() { # FOLDER VOCABULARY
    mkdir "$1"
    cp "$tokenizer" "$1"
    echo '{"model_type":"llama","num_hidden_layers":1,"num_attention_heads":1,"num_key_value_heads":1,"hidden_size":4,
"intermediate_size":4,"vocab_size":'"$2"',"max_position_embeddings":32,"tie_word_embeddings":true}' >"$1/config.json"
    perl -e 'my ($V, $header, $at) = ($ARGV[0], "", 0);
        my $layer = "model.layers.0.";
        for my $t (["model.embed_tokens", $V, 4],
            (map { [$layer . $_, 4, 4] } qw(self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj
                mlp.gate_proj mlp.up_proj mlp.down_proj)),
            [$layer . "input_layernorm", 4], [$layer . "post_attention_layernorm", 4], ["model.norm", 4]) {
            my ($name, @shape) = @$t;
            my $end = $at + 4 * $shape[0] * ($shape[1] // 1);
            $header .= sprintf q(%s"%s.weight":{"dtype":"F32","shape":[%s],"data_offsets":[%d,%d]}),
                $at ? "," : "", $name, join(",", @shape), $at, $end;
            $at = $end;
        }
        print pack("Q<", 2 + length $header), "{$header}", "\0" x $at;' "$2" >"$1/model.safetensors"
}

llama many 6000
llama some 4789 # 4,096 rows more than tokens
must generate --model many --prompt a --max-new-tokens 1
says "many: 5,307 of the model's 6,000 tokens are not in its tokenizer; is it the one that the model was trained with?"
must generate --model some --prompt a --max-new-tokens 1
grep -q "not in its tokenizer" err && fail "4,096 rows without a token are no reason for a warning"

# Rows of zeros have a cosine of 0 with each other, so the lowest ids are nearest.
must inspect some --near-id 320 --count 1
[ "$(head -n 1 out)" = "     320  é" ] || fail "a letter is itself, not a byte that it would spell elsewhere: $(cat out)"
must inspect some --near-id 13 --count 1
[ "$(head -n 1 out)" = "      13  <U+000A>" ] || fail "the byte of a line end: $(cat out)"
must inspect some --near-id 233 --count 1
[ "$(head -n 1 out)" = "     233  <0xE6>" ] || fail "a byte that is no whole character: $(cat out)"
must inspect some --near-id 422 --count 1
[ "$(head -n 1 out)" = "     422  ␣the" ] || fail "the sign for a space is one: $(cat out)"
must inspect some --near-id 4000 --count 1
[ "$(head -n 1 out)" = "    4000" ] || fail "a row without a token is its id, once: $(cat out)"
[ $failed -eq 0 ]
