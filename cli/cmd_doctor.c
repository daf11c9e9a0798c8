/* rlhf doctor: what this machine offers the program, one line each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/sharing.h"
#include "kernels/kernels.h"
#include "store/store.h"

/* A finding is a line, or a member with --json. */
typedef struct {
    bool json, first;
} Report;

static void say(Report *r, const char *what, const Text *finding)
{
    if (!r->json) {
        printf("%-14s %s\n", what, finding->bytes);
        return;
    }
    Text t = {0};
    json_put_text(&t, what, strlen(what));
    text_add(&t, ":");
    json_put_text(&t, finding->bytes, finding->n);
    printf("%s%s", r->first ? "" : ",", t.bytes);
    r->first = false;
    text_free(&t);
}

static void check_program(Text *t)
{
#ifdef __clang__
    text_format(t, "rlhf %s, built with clang %s", RLHF_VERSION, __clang_version__);
#else
    text_format(t, "rlhf %s, built with gcc %s", RLHF_VERSION, __VERSION__);
#endif
}

static void check_cpu(Text *t)
{
    char line[256], model[256] = "unknown";
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10) != 0) continue;
        snprintf(model, sizeof model, "%s", colon + 1);
        break;
    }
    if (f) fclose(f);
    text_format(t, "%s, %s", text_trim(model), text_count(sysconf(_SC_NPROCESSORS_ONLN), "core"));
}

static void check_instructions(Text *t)
{
    const char *name;
    text_format(t, "%s (this machine runs:", kernels_name());
    for (int i = 0; (name = kernels_available(i)); i++)
        if (strcmp(name, "reference") != 0) text_format(t, " %s", name);
    text_add(t, ")");
}

static void check_memory(Text *t)
{
    const double page = (double)sysconf(_SC_PAGE_SIZE);
    text_format(t, "%.1f GB, %.1f GB free", (double)sysconf(_SC_PHYS_PAGES) * page / 1e9,
                (double)sysconf(_SC_AVPHYS_PAGES) * page / 1e9);
}

static void check_sqlite(Text *t)
{
    const char *mode, *version = store_library(&mode);
    text_format(t, "%s, journal mode %s", version, mode);
    if (strcmp(mode, "truncate") == 0) text_add(t, " (its WAL could lose data with two writers)");
}

/* statfs knows magic numbers; these are the common ones (man 2 statfs). */
static const char *file_system_name(long type)
{
    switch ((unsigned long)type) {
    case 0xEF53: return "ext4";
    case 0x58465342: return "xfs";
    case 0x9123683E: return "btrfs";
    case 0x01021994: return "tmpfs: lost when the machine restarts";
    case 0x794C7630: return "overlayfs";
    case 0x2FC12FC1: return "zfs";
    case 0x6969: return "nfs: a project does not belong here, locks are not safe";
    case 0xFF534D42:
    case 0xFE534D42: return "smb: a project does not belong here, locks are not safe";
    case 0x65735546: return "fuse";
    default: return NULL;
    }
}

static void check_files(Text *t, const char *folder)
{
    struct statfs s;
    if (statfs(folder, &s) != 0) {
        text_format(t, "%s: cannot be examined", folder);
        return;
    }
    const char *name = file_system_name((long)s.f_type);
    const double free_gb = (double)s.f_bavail * (double)s.f_bsize / 1e9;
    text_format(t, "%s: %.1f GB free, ", folder, free_gb);
    if (name) text_add(t, name);
    else text_format(t, "file system 0x%lx", (unsigned long)s.f_type);
    if (access(folder, W_OK) != 0) text_add(t, "; you cannot write here");
}

static void check_terminal(Text *t)
{
    struct winsize w = {0};
    const char *term = getenv("TERM"), *locale = getenv("LC_ALL");
    if (!locale || !*locale) locale = getenv("LC_CTYPE");
    if (!locale || !*locale) locale = getenv("LANG");
    const bool utf8 = locale && (strcasestr(locale, "utf-8") || strcasestr(locale, "utf8"));
    if (!isatty(STDIN_FILENO)) text_add(t, "none on standard input");
    else if (ioctl(STDIN_FILENO, TIOCGWINSZ, &w) == 0)
        text_format(t, "%s, %s, %s", term ? term : "unknown", text_count(w.ws_col, "column"),
                    text_count(w.ws_row, "row"));
    text_format(t, ", locale %s%s", locale ? locale : "not set", utf8 ? "" : " (not UTF-8)");
}

static int doctor(Context *ctx, int argc, char **argv, Error *err)
{
    if (options_parse(ctx, NULL, NULL, NULL, 0, 0, argc, argv, err) != 0) return -1;
    Report report = {ctx->json, true};
    Text t = {0};
    if (ctx->json) printf("{");
#define FINDING(what, check) (text_clear(&t), check, say(&report, what, &t))
    FINDING("program", check_program(&t));
    FINDING("processor", check_cpu(&t));
    FINDING("instructions", check_instructions(&t));
    FINDING("threads", text_format(&t, "%d", ctx->threads));
    FINDING("memory", check_memory(&t));
    FINDING("SQLite", check_sqlite(&t));
    FINDING("libraries", text_add(&t, RLHF_LIBRARIES));
    FINDING("files", check_files(&t, ctx->project[0] ? ctx->project : "."));
    FINDING("terminal", check_terminal(&t));
    FINDING("project", text_add(&t, ctx->project[0] ? ctx->project : "none here"));
    if (ctx->project[0]) FINDING("sharing", sharing_report(&t, ctx->project));
#undef FINDING
    if (ctx->json) printf("}\n");
    text_free(&t);
    return 0;
}

const Command cmd_doctor = {
    .name = "doctor",
    .heading = "other",
    .summary = "what this machine offers: libraries, processor, files, terminal",
    .usage = "[--json]",
    .project = PROJECT_OPTIONAL,
    .run = doctor,
};
