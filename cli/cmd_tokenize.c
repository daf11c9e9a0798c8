/* rlhf tokenize: text to ids and back, as a model sees it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/id_text.h"
#include "cli/options.h"
#include "cli/project.h"
#include "cli/token_view.h"
#include "policy/bpe.h"
#include "policy/tokenizer.h"

enum { INPUT_MAX = 1 << 30 /* bytes */ };

typedef struct {
    const char *model;
    bool special, prompt, view, decode;
} TokenizeOptions;

static const Option OPTIONS[] = {
    MODEL_OPTION(offsetof(TokenizeOptions, model), "base"),
    SPECIAL_OPTION(offsetof(TokenizeOptions, special)),
    {"prompt", OPTION_SWITCH, offsetof(TokenizeOptions, prompt), 0, 0, NULL,
     "as a model reads it: with the beginning-of-text token in front, where it has one"},
    {"view", OPTION_SWITCH, offsetof(TokenizeOptions, view), 0, 0, NULL,
     "the text itself, its tokens in colours, and how many bytes each stands for"},
    {"decode", OPTION_SWITCH, offsetof(TokenizeOptions, decode), 0, 0, NULL,
     "read ids, print the text they stand for"},
    {0},
};

/* Words of the command line, with a space between two as `echo` has them, and no line end. */
static void join_words(Text *out, const Words *words)
{
    for (int i = 0; i < words->n; i++) text_format(out, i ? " %s" : "%s", words->word[i]);
}

static int read_input(Text *out, Error *err)
{
    char piece[1 << 16];
    size_t n;
    if (isatty(STDIN_FILENO)) log_line("reading standard input; end it with Ctrl-D");
    while ((n = fread(piece, 1, sizeof piece, stdin)) > 0) {
        text_append(out, piece, n);
        if (out->n > INPUT_MAX) return error_set(err, "standard input: more than 1 GB");
    }
    if (ferror(stdin)) return error_set(err, "standard input: %s", strerror(errno));
    text_append(out, "", 0);
    return 0;
}

/* A folder with a tokenizer need not be a whole model. */
static int open_tokenizer(Tokenizer **out, Context *ctx, const char *name, Error *err)
{
    char folder[FILE_PATH_MAX];
    if (tokenizer_in(name)) return tokenizer_open(out, name, err);
    if (project_model(ctx, folder, "model", name, err) != 0) return -1;
    return tokenizer_open(out, folder, err);
}

static void print_ids(bool json, const Tokenizer *t, const int *ids, int n)
{
    Text out = {0};
    if (!json) {
        for (int i = 0; i < n; i++) printf("%d %s\n", ids[i], tokenizer_token(t, ids[i]));
        return;
    }
    text_add(&out, "{\"ids\":[");
    for (int i = 0; i < n; i++) text_format(&out, "%s%d", i ? "," : "", ids[i]);
    text_add(&out, "],\"tokens\":[");
    for (int i = 0; i < n; i++) {
        const char *token = tokenizer_token(t, ids[i]);
        if (i) text_add(&out, ",");
        json_put_text(&out, token, strlen(token));
    }
    text_add(&out, "]}\n");
    fputs(out.bytes, stdout);
    text_free(&out);
}

static void print_view(const Tokenizer *t, const int *ids, int n, size_t bytes)
{
    token_view_print(t, ids, n, 0, 0);
    printf("%s%s, %s", n ? "\n" : "", text_count(n, "token"), text_count((long long)bytes, "byte"));
    if (n > 0) printf(": %.2f bytes a token", (double)bytes / n);
    printf("\n");
}

static void add_id(void *ids, int id)
{
    id_list_add(ids, id);
}

static int decode(Context *ctx, const Tokenizer *t, const Text *input, const char *where,
                  Error *err)
{
    IdList ids = {0};
    int rc = id_text_read(input->bytes, tokenizer_size(t), add_id, &ids, err);
    if (rc != 0) {
        error_wrap(err, "%s", where);
        err->usage = false; /* of the input, not of the command */
    }
    if (rc == 0) {
        size_t n;
        char *text = tokenizer_decode(t, ids.ids, (int)ids.n, false, &n);
        if (ctx->json) {
            Text out = {0};
            text_add(&out, "{\"text\":");
            json_put_text(&out, text, n);
            text_add(&out, "}\n");
            fputs(out.bytes, stdout);
            text_free(&out);
        } else {
            fwrite(text, 1, n, stdout);
        }
        free(text);
    }
    free(ids.ids);
    return rc;
}

static int tokenize(Context *ctx, int argc, char **argv, Error *err)
{
    TokenizeOptions o = {.model = "base"};
    Tokenizer *t = NULL;
    Words words = {0};
    Text input = {0};
    int *ids = NULL, n = 0, rc = -1;
    if (options_parse(ctx, OPTIONS, &o, &words, 0, WORDS_MAX, argc, argv, err) != 0) goto done;
    const char *where = words.n ? "the text given" : "standard input";
    if (open_tokenizer(&t, ctx, o.model, err) != 0) goto done;
    join_words(&input, &words);
    if (words.n == 0 && read_input(&input, err) != 0) goto done;
    if (o.decode) {
        rc = decode(ctx, t, &input, where, err);
    } else {
        rc = (o.prompt ? tokenizer_encode_prompt : tokenizer_encode)(t, input.bytes, input.n,
                                                                     o.special, &ids, &n, err);
        if (rc == 0 && o.view && !ctx->json) print_view(t, ids, n, input.n);
        else if (rc == 0) print_ids(ctx->json, t, ids, n);
        else error_wrap(err, "%s", where);
    }
done:
    free(ids);
    text_free(&input);
    tokenizer_free(t);
    return rc;
}

const Command cmd_tokenize = {
    .name = "tokenize",
    .heading = "models",
    .summary = "text to token ids, and back",
    .usage = "[--model MODEL] [--special] [--prompt] [--json] [TEXT]\n--decode [--model MODEL] "
             "[--json] [IDS]",
    .details = "Prints an id and its token per line; a space is shown as \xc4\xa0 in front of a "
               "word, as in\n"
               "tokenizer.json.  The text is standard input unless it is given; it is taken as it "
               "is, a newline at its\n"
               "end included, and nothing is put in front unless --prompt asks for it.  One that "
               "begins with a hyphen\n"
               "stands after --.\n"
               "With --decode, ids may be separated by spaces, commas, brackets or lines.\n"
               "With --json: {\"ids\":[...],\"tokens\":[...]} or {\"text\":...}.\n",
    .options = OPTIONS,
    .project = PROJECT_OPTIONAL,
    .filter = true,
    .run = tokenize,
};
