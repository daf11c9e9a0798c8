/* Models in files, and the program's arithmetic against PyTorch's in float64. */
#include "tests/golden_model.h"
#include "tests/models.h"
#include "tests/scratch.h"

static const GoldenTolerance CLOSE = {.logp = 2e-5, .loss = 1e-5, .gradient = 1e-5};
static Error err;

static void every_implementation_matches_pytorch(void **state)
{
    (void)state;
    static const char *const NAME[] = {"reference", "plain", "avx2", "avx512", "amx"};
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++) {
        if (kernels_use(NAME[i]) != 0) continue;
        golden_check_model("gpt2-tiny", true, &CLOSE);
        golden_check_model("gpt2-tiny-ref", false, &CLOSE); /* names with transformer. */
        golden_check_model("llama-tiny-gqa", true, &CLOSE);
        golden_check_model("llama-tiny-gqa-sharded", true, &CLOSE); /* F16 in three files */
        golden_check_model("llama3-tiny-ropescale-bf16", true, &CLOSE);
        golden_check_model("qwen2-tiny", true, &CLOSE);
        golden_check_model("qwen3-tiny", true, &CLOSE);
        golden_check_unpadded("gpt2-tiny", CLOSE.logp);
        golden_check_unpadded("llama-tiny-gqa", CLOSE.logp);
    }
}

/* ---- files ---------------------------------------------------------------------------------------- */

static Model *reopened(const Model *m, const char *name)
{
    Model *back = NULL;
    const char *dir = scratch_folder(name, true);
    assert_worked(model_save(m, dir, 0, NULL, NULL, &err), &err);
    assert_worked(model_open(&back, dir, &err), &err);
    return back;
}

static void assert_same_weights(const Model *a, const Model *b)
{
    const size_t n = a->parameters.n;
    assert_int_equal(n, b->parameters.n);
    real *x = host_of(a->parameters.w, n), *y = host_of(b->parameters.w, n);
    assert_memory_equal(x, y, n * sizeof *x);
    free(x);
    free(y);
}

static void assert_same_config(const ModelConfig *a, const ModelConfig *b)
{
    assert_int_equal(a->family, b->family);
    assert_int_equal(a->n_layer, b->n_layer);
    assert_int_equal(a->NH, b->NH);
    assert_int_equal(a->NKV, b->NKV);
    assert_int_equal(a->HD, b->HD);
    assert_int_equal(a->C, b->C);
    assert_int_equal(a->F, b->F);
    assert_int_equal(a->V, b->V);
    assert_int_equal(a->max_T, b->max_T);
    assert_true(a->norm_eps == b->norm_eps && a->rope_theta == b->rope_theta);
    assert_int_equal(a->rope_scaling.kind, b->rope_scaling.kind);
    assert_true(a->rope_scaling.factor == b->rope_scaling.factor);
    assert_true(a->rope_scaling.low_turns == b->rope_scaling.low_turns);
    assert_true(a->rope_scaling.high_turns == b->rope_scaling.high_turns);
    assert_int_equal(a->rope_scaling.original_T, b->rope_scaling.original_T);
    assert_true(a->init_std == b->init_std);
    assert_int_equal(a->rms_norm, b->rms_norm);
    assert_int_equal(a->learned_positions, b->learned_positions);
    assert_int_equal(a->qk_norm, b->qk_norm);
    assert_int_equal(a->gated_mlp, b->gated_mlp);
    assert_int_equal(a->attention_bias, b->attention_bias);
    assert_int_equal(a->out_bias, b->out_bias);
    assert_int_equal(a->mlp_bias, b->mlp_bias);
    assert_int_equal(a->tied, b->tied);
    assert_int_equal(a->bos, b->bos);
    assert_int_equal(a->eos, b->eos);
    assert_int_equal(a->n_eos_more, b->n_eos_more);
    assert_memory_equal(a->eos_more, b->eos_more, sizeof a->eos_more);
    assert_int_equal(a->n_labels, b->n_labels);
}

static void survives_saving(const ModelConfig *config)
{
    Model *m = model_new(config, 3), *back = reopened(m, "saved");
    assert_same_config(&m->config, &back->config);
    assert_same_weights(m, back);
    char *first = scratch_read(scratch_path("saved/config.json"));
    Model *again = reopened(back, "again");
    char *second = scratch_read(scratch_path("again/config.json"));
    assert_string_equal(first, second);
    char hash[2][SHA256_HEX];
    assert_worked(sha256_file(hash[0], scratch_path("saved/model.safetensors"), &err), &err);
    assert_worked(sha256_file(hash[1], scratch_path("again/model.safetensors"), &err), &err);
    assert_string_equal(hash[0], hash[1]);
    free(first), free(second);
    model_free(m), model_free(back), model_free(again);
}

static void a_saved_model_comes_back_to_the_bit(void **state)
{
    (void)state;
    ModelConfig odd = WIDE_LLAMA;
    odd.tied = odd.attention_bias = odd.out_bias = odd.mlp_bias = true;
    odd.norm_eps = 1.234567e-6, odd.rope_theta = 500000.25, odd.init_std = 0.0123456789;
    survives_saving(&WIDE_GPT2);
    survives_saving(&WIDE_LLAMA);
    odd.rope_scaling = (RopeScaling){ROPE_LLAMA3, 8.1, 1.25, 4.75, 77};
    odd.n_eos_more = 2, odd.eos_more[0] = 7, odd.eos_more[1] = 3;
    survives_saving(&odd);
    survives_saving(&WIDE_QWEN3);
    odd.rope_scaling = (RopeScaling){.kind = ROPE_LINEAR, .factor = 2.1};
    survives_saving(&odd);
    ModelConfig untied = TINY_GPT2;
    untied.tied = false;
    survives_saving(&untied);
}

/* A tensor's bytes as they stand in the file of a saved model, or in a shard. */
static unsigned char *raw_tensor(const char *dir, const char *name, size_t *n)
{
    char path[1024], *file = NULL;
    unsigned char *out = NULL;
    const char *const FILES[] = {"model.safetensors", "model-00001-of-00003.safetensors",
                                 "model-00002-of-00003.safetensors",
                                 "model-00003-of-00003.safetensors"};
    for (int i = 0; i < 4 && !out; i++) {
        size_t size;
        Safetensors *s = NULL;
        snprintf(path, sizeof path, "%s/%s", dir, FILES[i]);
        if (!file_exists(path)) continue;
        assert_worked(safetensors_open(&s, path, &err), &err);
        assert_worked(file_read(&file, &size, path, 1 << 24, &err), &err);
        const int at = safetensors_find(s, name);
        if (at >= 0) {
            const SafetensorsEntry *e = safetensors_entry(s, at);
            uint64_t header;
            memcpy(&header, file, sizeof header);
            *n = e->end - e->begin;
            out = malloc(*n);
            memcpy(out, file + 8 + header + e->begin, *n);
        }
        free(file);
        safetensors_close(s);
    }
    return out;
}

/* GPT-2's files carry the causal mask too; transformers drops it as well. */
static bool is_mask(const char *name)
{
    const size_t n = strlen(name);
    return n > 10 && strcmp(name + n - 10, ".attn.bias") == 0;
}

/* A golden checkpoint, saved by us: every tensor has its name, shape, type and bytes. */
static void written_as_it_was_read(const char *name)
{
    char path[512];
    int masks = 0;
    Safetensors *before = NULL, *after = NULL;
    Model *m = golden_open(name);
    const char *dir = scratch_folder("names", true);
    assert_worked(model_save(m, dir, m->config.n_labels, m->score.weight, m->score.bias, &err),
                  &err);
    snprintf(path, sizeof path, GOLDEN_PATH "%s", name);
    assert_worked(safetensors_open_folder(&before, path, &err), &err);
    assert_worked(safetensors_open_folder(&after, dir, &err), &err);
    for (int i = 0; i < safetensors_count(before); i++) {
        size_t n[2];
        const SafetensorsEntry *a = safetensors_entry(before, i);
        if (is_mask(a->name)) {
            masks++;
            continue;
        }
        const int at = safetensors_find(after, a->name);
        if (at < 0) fail_msg("%s: no %s", name, a->name);
        const SafetensorsEntry *b = safetensors_entry(after, at);
        assert_string_equal(a->dtype, b->dtype);
        assert_int_equal(a->n_dims, b->n_dims);
        assert_memory_equal(a->shape, b->shape, (size_t)a->n_dims * sizeof *a->shape);
        unsigned char *x = raw_tensor(path, a->name, &n[0]), *y = raw_tensor(dir, a->name, &n[1]);
        assert_int_equal(n[0], n[1]);
        assert_memory_equal(x, y, n[0]);
        free(x), free(y);
    }
    assert_int_equal(safetensors_count(before), safetensors_count(after) + masks);
    safetensors_close(before), safetensors_close(after);
    model_free(m);
}

static void published_checkpoints_are_written_as_they_were_read(void **state)
{
    (void)state;
    written_as_it_was_read("gpt2-tiny");
    written_as_it_was_read("gpt2-tiny-ref");
    written_as_it_was_read("llama-tiny-gqa");
    written_as_it_was_read("llama-tiny-gqa-sharded");
    written_as_it_was_read("llama3-tiny-ropescale-bf16");
    written_as_it_was_read("qwen2-tiny");
    written_as_it_was_read("qwen3-tiny");
    written_as_it_was_read("gpt2-tiny-reward");
}

/* transformers' head has no bias, so none is made up for one that came without. */
static void a_half_precision_score_head_stays_one(void **state)
{
    (void)state;
    float weight[128], bias[1] = {0};
    Model *m = model_new(&TINY_LLAMA, 5), *back[2];
    for (int i = 0; i < m->config.C; i++) weight[i] = (float)i / 4; /* BF16 holds them */
    m->score.type = DTYPE_BF16;
    const char *dir = scratch_folder("scores", true);
    assert_worked(model_save(m, dir, 1, weight, bias, &err), &err);
    for (int i = 0; i < 2; i++) {
        Safetensors *s = NULL;
        assert_worked(safetensors_open_folder(&s, dir, &err), &err);
        assert_string_equal(safetensors_entry(s, safetensors_find(s, "score.weight"))->dtype,
                            i == 0 ? "BF16" : "F32");
        assert_int_equal(safetensors_find(s, "score.bias") >= 0, i == 1);
        safetensors_close(s);
        assert_worked(model_open(&back[i], dir, &err), &err);
        back[i]->score.weight[1] = 0.1f; /* which BF16 does not hold */
        back[i]->score.bias[0] = 1;
        assert_worked(model_save(back[i], dir, 1, back[i]->score.weight, back[i]->score.bias, &err),
                      &err);
    }
    model_free(m), model_free(back[0]), model_free(back[1]);
}

/* Some files have the embedding once more, as the head that it is tied to. */
static void a_stored_tied_head_is_stored_again(void **state)
{
    (void)state;
    ModelConfig config = TINY_LLAMA;
    config.tied = true;
    Model *m = model_new(&config, 5);
    m->tied_head = true;
    const char *dir = scratch_folder("tied", true);
    assert_worked(model_save(m, dir, 0, NULL, NULL, &err), &err);
    Model *back = reopened(m, "tied");
    assert_true(back->tied_head);
    assert_worked(model_save(back, dir, 0, NULL, NULL, &err), &err);
    size_t n[2];
    unsigned char *head = raw_tensor(dir, "lm_head.weight", &n[0]),
                  *embedding = raw_tensor(dir, "model.embed_tokens.weight", &n[1]);
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(head, embedding, n[0]);
    free(head), free(embedding);
    model_free(m), model_free(back);
}

/* And some another head, which transformers replaces by the embedding: so do we, and say so. */
static void another_head_than_the_tied_one_is_left_out(void **state)
{
    (void)state;
    ModelConfig config = TINY_LLAMA;
    Model *m = NULL, *back = NULL;
    config.tied = false;
    m = model_new(&config, 5);
    const char *dir = scratch_folder("apart", true);
    assert_worked(model_save(m, dir, 0, NULL, NULL, &err), &err);
    config.tied = true;
    config.n_labels = 0;
    assert_worked(model_config_write(&config, dir, &err), &err);
    assert_worked(model_open(&back, dir, &err), &err);
    assert_false(back->tied_head);
    assert_memory_equal(back->parameters.w, m->parameters.w,
                        (size_t)config.V * (size_t)config.C * sizeof(real));
    model_free(m), model_free(back);
}

/* As some converters leave them.  Names come out of the file, and reach a terminal. */
static void what_config_json_does_not_speak_of_is_told(void **state)
{
    (void)state;
    static const char *const EXTRA[] = {
        "model.layers.0.self_attn.rotary_emb.inv_freq", /* follows from the config: silent */
        "model.layers.0.self_attn.q_proj.bias", "vision.b\x1b[31m", "vision.c", "zzz"};
    enum { N = sizeof EXTRA / sizeof *EXTRA };
    static const float ONE[] = {1};
    Model *m = model_new(&TINY_LLAMA, 5), *plain = reopened(m, "plain"), *more = NULL;
    const char *dir = scratch_folder("more", true);
    assert_null(plain->left_out);
    assert_worked(model_save(m, dir, 0, NULL, NULL, &err), &err);
    Safetensors *file = NULL;
    assert_worked(safetensors_open_folder(&file, dir, &err), &err);
    const int n = safetensors_count(file);
    SafetensorsTensor *list = mem_calloc((size_t)n + N, sizeof *list);
    for (int i = 0; i < n; i++) {
        const SafetensorsEntry *e = safetensors_entry(file, i);
        float *values = mem_calloc((size_t)e->count, sizeof *values);
        assert_worked(safetensors_read(file, i, values, &err), &err);
        list[i] = (SafetensorsTensor){.name = e->name, .n_dims = e->n_dims, .values = values};
        memcpy(list[i].shape, e->shape, sizeof list[i].shape);
    }
    for (int i = 0; i < N; i++)
        list[n + i] =
            (SafetensorsTensor){.name = EXTRA[i], .n_dims = 1, .shape = {1}, .values = ONE};
    char *path = mem_format("%s/model.safetensors", dir);
    assert_worked(safetensors_write(path, list, n + N, &err), &err);
    assert_worked(model_open(&more, dir, &err), &err);
    assert_same_weights(more, m);
    assert_string_equal(more->left_out,
                        "4 tensors of the file that config.json does not speak of are left out: "
                        "model.layers.0.self_attn.q_proj.bias, vision.b?[31m, vision.c, ...");
    for (int i = 0; i < n; i++) free((float *)list[i].values);
    free(list), free(path);
    safetensors_close(file);
    model_free(m), model_free(plain), model_free(more);
}

/* A weight that its type no longer holds: everything becomes F32, and config.json says so. */
static void changed_half_precision_weights_are_written_in_full(void **state)
{
    (void)state;
    Model *m = golden_open("llama-tiny-gqa-sharded");
    const char *dir = scratch_folder("halves", true);
    assert_worked(model_save(m, dir, 0, NULL, NULL, &err), &err);
    char *config = scratch_read(scratch_path("halves/config.json"));
    assert_non_null(strstr(config, "\"torch_dtype\": \"float16\""));
    free(config);
    nudge(m, m->block[1].down.at, 1);
    Model *back = reopened(m, "halves");
    assert_same_weights(m, back);
    assert_int_equal(back->tensor[0].type, DTYPE_F32);
    config = scratch_read(scratch_path("halves/config.json"));
    assert_non_null(strstr(config, "\"torch_dtype\": \"float32\""));
    free(config);
    model_free(m), model_free(back);
}

/* GPT-2's Conv1D holds (in, out); a weight of ours, row o column i, is at (i, o) there. */
static void gpt2_matrices_are_turned_in_files(void **state)
{
    (void)state;
    Safetensors *s = NULL;
    Model *m = model_new(&TINY_GPT2, 5);
    const char *dir = scratch_folder("turned", true);
    assert_worked(model_save(m, dir, 0, NULL, NULL, &err), &err);
    assert_worked(safetensors_open_folder(&s, dir, &err), &err);
    const int at = safetensors_find(s, "transformer.h.0.mlp.c_fc.weight");
    const int C = TINY_GPT2.C, F = TINY_GPT2.F;
    assert_true(at >= 0);
    assert_int_equal(safetensors_entry(s, at)->shape[0], C);
    assert_int_equal(safetensors_entry(s, at)->shape[1], F);
    float *file = mem_calloc((size_t)(C * F), sizeof *file);
    real *ours = host_of(m->parameters.w + m->block[0].up.at, (size_t)(C * F));
    assert_worked(safetensors_read(s, at, file, &err), &err);
    for (int o = 0; o < F; o++)
        for (int i = 0; i < C; i++) assert_true(file[i * F + o] == ours[o * C + i]);
    free(file), free(ours);
    safetensors_close(s);
    model_free(m);
}

/* 150 times 600 numbers are more than one piece of 65,536, which ends within a row of the file. */
static void turned_matrices_of_several_pieces_come_back(void **state)
{
    (void)state;
    ModelConfig c = TINY_GPT2;
    c.C = 150, c.HD = 75, c.F = 600;
    Model *m = model_new(&c, 5), *back = reopened(m, "pieces");
    assert_same_weights(m, back);
    model_free(m), model_free(back);
}

static void the_tokenizer_and_the_chat_template_go_along(void **state)
{
    (void)state;
    static const char *const NAME[] = {"tokenizer.json", "chat_template.jinja"};
    Model *m = model_new(&TINY_GPT2, 5);
    const char *from = scratch_folder("companions", true), *to = scratch_folder("along", true);
    char path[64];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "companions/%s", NAME[i]);
        scratch_write(scratch_path(path), NAME[i]);
    }
    model_set_companions(m, from);
    assert_worked(model_save(m, to, 0, NULL, NULL, &err), &err);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "along/%s", NAME[i]);
        char *text = scratch_read(scratch_path(path));
        assert_string_equal(text, NAME[i]);
        free(text);
    }
    model_free(m);
}

static void a_tokenizer_of_two_older_files_goes_along(void **state)
{
    (void)state;
    Model *m = model_new(&TINY_GPT2, 5);
    const char *from = scratch_folder("older", true), *to = scratch_folder("older-along", true);
    scratch_write(scratch_path("older/vocab.json"), "{\"a\": 0}");
    scratch_write(scratch_path("older/merges.txt"), "a a\n");
    model_set_companions(m, from);
    assert_worked(model_save(m, to, 0, NULL, NULL, &err), &err);
    char *vocab = scratch_read(scratch_path("older-along/vocab.json")),
         *merges = scratch_read(scratch_path("older-along/merges.txt"));
    assert_string_equal(vocab, "{\"a\": 0}");
    assert_string_equal(merges, "a a\n");
    free(vocab), free(merges);
    model_free(m);
}

static void the_same_seed_gives_the_same_model(void **state)
{
    (void)state;
    char a[65], b[65], c[65];
    Model *x = model_new(&TINY_LLAMA, 5), *y = model_new(&TINY_LLAMA, 5),
          *z = model_new(&TINY_LLAMA, 6);
    model_hash(a, x), model_hash(b, y), model_hash(c, z);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    model_copy(z, x);
    model_hash(c, z);
    assert_string_equal(a, c);
    model_free(x), model_free(y), model_free(z);
}

/* Radford et al. 2019: N(0, std), residual projections / sqrt(2 layers). */
static void new_weights_have_the_published_spread(void **state)
{
    (void)state;
    ModelConfig c = WIDE_GPT2;
    c.init_std = 0.02;
    Model *m = model_new(&c, 1);
    for (int i = 0; i < m->n_tensors; i++) {
        const Tensor *t = &m->tensor[i];
        const int n = t->rows * t->cols;
        real *w = host_of(m->parameters.w + t->at, (size_t)n);
        double sum = 0, squares = 0;
        for (int k = 0; k < n; k++) sum += (double)w[k], squares += (double)w[k] * (double)w[k];
        const bool residual = strstr(t->name, "c_proj.weight") != NULL;
        const bool norm = strstr(t->name, "ln_") && strstr(t->name, ".weight");
        const double std = t->vector ? 0 : residual ? 0.02 / 2 : 0.02;
        assert_near(sum / n, norm ? 1 : 0, 5 * std / sqrt(n));
        if (!t->vector) assert_near(sqrt(squares / n), std, 5 * std / sqrt(2 * n));
        free(w);
    }
    model_free(m);
}

/* Within its window Mistral is Llama without biases: the same weights give the same bits. */
static void mistral_within_its_window_is_llama(void **state)
{
    (void)state;
    static const int LENGTH[] = {20, 7};
    Model *llama = golden_open("llama-tiny-gqa"), *mistral = NULL;
    AskedBatch s = asked_random(LENGTH, 2, llama->config.V, 1);
    double logp[27];
    Policy *p = policy_open(llama, &(PolicyOptions){.max_tokens = s.N, .heads = 1});
    asked_evaluate(p, &s, 1);
    memcpy(logp, s.logp, sizeof logp);
    policy_close(p);
    llama->config.family = FAMILY_MISTRAL, llama->config.window = 20;
    mistral = reopened(llama, "mistral");
    assert_int_equal(mistral->config.family, FAMILY_MISTRAL);
    assert_int_equal(mistral->config.max_T, 256);
    p = policy_open(mistral, &(PolicyOptions){.max_tokens = s.N, .heads = 1});
    asked_evaluate(p, &s, 1);
    assert_memory_equal(logp, s.logp, sizeof logp);
    policy_close(p);
    asked_free(&s);
    model_free(llama), model_free(mistral);
}

/* One block: its 21st token does not see the first one, and its 20th does. */
static void a_token_beyond_the_window_is_out_of_sight(void **state)
{
    (void)state;
    enum { N = 22 };
    ModelConfig config = TINY_LLAMA;
    config.family = FAMILY_MISTRAL, config.window = 20;
    Model *m = model_new(&config, 1);
    Policy *p = policy_open(m, &(PolicyOptions){.max_tokens = N, .heads = 1});
    AskedBatch a = asked_random((int[]){N}, 1, config.V, 1),
               b = asked_random((int[]){N}, 1, config.V, 1);
    b.token[0] = (a.token[0] + 1) % config.V;
    asked_evaluate(p, &a, 1);
    asked_evaluate(p, &b, 1);
    assert_true(a.value[19] != b.value[19]);
    assert_true(a.value[20] == b.value[20] && a.value[21] == b.value[21]);
    policy_close(p);
    asked_free(&a), asked_free(&b);
    model_free(m);
}

static void a_window_goes_back_into_the_config_it_came_from(void **state)
{
    (void)state;
    Model *m = golden_open("llama-tiny-gqa");
    m->config.family = FAMILY_MISTRAL, m->config.window = 20;
    Model *back = reopened(m, "window");
    Model *again = reopened(back, "window-again");
    char *config = scratch_read(scratch_path("window-again/config.json"));
    assert_non_null(strstr(config, "\"MistralForCausalLM\""));
    assert_non_null(strstr(config, "\"sliding_window\": 20"));
    assert_non_null(strstr(config, "\"max_position_embeddings\": 256"));
    free(config);
    m->config.window = 0;
    Model *open = reopened(m, "no-window");
    assert_int_equal(open->config.window, 0);
    model_free(m), model_free(back), model_free(again), model_free(open);
}

/* ---- what is refused -------------------------------------------------------------------------------- */

static void a_model_that_is_not_what_its_config_says_is_refused(void **state)
{
    (void)state;
    Model *m = model_new(&TINY_GPT2, 1), *back = NULL;
    const char *dir = scratch_folder("other", true);
    assert_worked(model_save(m, dir, 0, NULL, NULL, &err), &err);
    ModelConfig c = TINY_GPT2;
    c.F = 44;
    assert_worked(model_config_write(&c, dir, &err), &err);
    assert_int_equal(model_open(&back, dir, &err), -1);
    assert_says(&err, "mlp.c_fc.weight has another shape than config.json says");
    c.F = 1 << 24, c.n_layer = 1000; /* no memory is taken for it */
    assert_worked(model_config_write(&c, dir, &err), &err);
    assert_int_equal(model_open(&back, dir, &err), -1);
    assert_says(&err, "weights, but the file holds");
    c.F = 40, c.n_layer = 2;
    assert_worked(model_config_write(&c, dir, &err), &err);
    assert_int_equal(model_open(&back, dir, &err), -1);
    assert_says(&err, "tensor transformer.h.1.");
    assert_says(&err, "is missing");
    c.n_layer = 1, c.n_labels = 1;
    assert_worked(model_config_write(&c, dir, &err), &err);
    assert_int_equal(model_open(&back, dir, &err), -1);
    assert_says(&err, "score.weight is missing");
    assert_null(back);
    model_free(m);
}

static void an_outline_is_read_later(void **state)
{
    (void)state;
    Model *m = model_new(&WIDE_LLAMA, 5), *back = NULL;
    const char *dir = scratch_folder("outline", true);
    assert_worked(model_save(m, dir, 0, NULL, NULL, &err), &err);
    assert_worked(model_open_outline(&back, dir, &err), &err);
    assert_null(back->parameters.w);
    assert_int_equal(back->parameters.n, m->parameters.n);
    const Tensor *tensor = back->tensor;
    assert_worked(model_read(back, dir, &err), &err);
    assert_same_weights(m, back);
    assert_ptr_equal(back->tensor, tensor); /* which adapters point to */
    model_free(m), model_free(back);
}

/* Saved with a score in place of lm_head; a tied one predicts with its embedding. */
static void an_untied_reward_model_predicts_no_tokens(void **state)
{
    (void)state;
    float score[64] = {0}, bias[1] = {0};
    const ModelConfig *const config[] = {&TINY_LLAMA, &TINY_GPT2};
    for (int c = 0; c < 2; c++) {
        Model *m = model_new(config[c], 3), *back = NULL;
        const char *dir = scratch_folder("scores", true);
        assert_true(m->config.C <= 64);
        assert_worked(model_check_predicts(m, &err), &err);
        assert_worked(model_save(m, dir, 1, score, bias, &err), &err);
        assert_worked(model_open(&back, dir, &err), &err);
        assert_int_equal(model_check_predicts(back, &err), config[c]->tied ? 0 : -1);
        if (!config[c]->tied) assert_says(&err, "it scores and cannot predict tokens");
        model_free(m), model_free(back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_implementation_matches_pytorch),
        cmocka_unit_test(a_saved_model_comes_back_to_the_bit),
        cmocka_unit_test(published_checkpoints_are_written_as_they_were_read),
        cmocka_unit_test(a_half_precision_score_head_stays_one),
        cmocka_unit_test(a_stored_tied_head_is_stored_again),
        cmocka_unit_test(another_head_than_the_tied_one_is_left_out),
        cmocka_unit_test(what_config_json_does_not_speak_of_is_told),
        cmocka_unit_test(changed_half_precision_weights_are_written_in_full),
        cmocka_unit_test(mistral_within_its_window_is_llama),
        cmocka_unit_test(a_token_beyond_the_window_is_out_of_sight),
        cmocka_unit_test(a_window_goes_back_into_the_config_it_came_from),
        cmocka_unit_test(gpt2_matrices_are_turned_in_files),
        cmocka_unit_test(turned_matrices_of_several_pieces_come_back),
        cmocka_unit_test(the_tokenizer_and_the_chat_template_go_along),
        cmocka_unit_test(a_tokenizer_of_two_older_files_goes_along),
        cmocka_unit_test(the_same_seed_gives_the_same_model),
        cmocka_unit_test(new_weights_have_the_published_spread),
        cmocka_unit_test(a_model_that_is_not_what_its_config_says_is_refused),
        cmocka_unit_test(an_outline_is_read_later),
        cmocka_unit_test(an_untied_reward_model_predicts_no_tokens),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
