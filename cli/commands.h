/* All commands, in the order of `rlhf help`. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const Command cmd_init, cmd_import, cmd_export, cmd_status, cmd_verify, cmd_backup,
    cmd_redact;
/* Second words of export, in files of their own. */
extern const Command export_model, export_gguf;
extern const Command cmd_label, cmd_judge, cmd_annotators, cmd_campaign, cmd_write;
/* Of reward. */
extern const Command reward_eval_command, reward_score_command;
/* Of bench. */
extern const Command bench_matmul, bench_train, bench_generate, bench_ppo;
/* Of classify. */
extern const Command classify_eval_command, classify_predict_command;
extern const Command cmd_pull, cmd_models, cmd_tokenize, cmd_generate, cmd_chat, cmd_logprobs,
    cmd_inspect, cmd_sample;
extern const Command cmd_demo;
extern const Command cmd_pretrain, cmd_sft, cmd_reward, cmd_classify, cmd_ppo, cmd_compare;
extern const Command cmd_loop, cmd_sweep, cmd_runs, cmd_watch, cmd_stop, cmd_report, cmd_show;
extern const Command cmd_config, cmd_bench, cmd_doctor, cmd_help, cmd_version;

/* The table of main.c, NULL-terminated. */
extern const Command *const COMMANDS[];

/* NULL when there is none. */
const Command *command_find(const char *word);
/* A second word of `first`, or NULL. */
const Command *command_second(const Command *first, const char *word);
/* An error that guesses what was meant by an unknown word: of a command when `first` is NULL. */
int command_unknown(const Command *first, const char *word, Error *err);

/* ---- help, also for main ---- */

/* What the program is and where to begin. */
void help_welcome(void);
void help_list(void);
/* `first` is the command whose second word `c` is, or NULL. */
void help_command(const Command *first, const Command *c);

#endif
