/* Everything a project remembers, in one SQLite file: prompts, demonstrations, models, responses,
 * comparisons, labels, runs.  The only folder that knows SQL.
 *
 * One rule: nothing acknowledged is ever lost.  A call that writes is one transaction: when it has
 * returned 0, all of it is on the disk; otherwise none of it is in the file.  A call that reads copies
 * out and finishes, so no lock is held while a person thinks or a model computes.
 *
 * Texts are valid UTF-8 without NUL.  Records given to a call are borrowed; records in a list belong to
 * the list and go with its _free.  Times are microseconds UTC; ids are positive, 0 means none.
 * Zero in a filter means "any".  A Store is used by one thread, never carried over fork. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/file.h"

typedef struct Store Store;

/* ---- the file -------------------------------------------------------------------------------------- */

/* Make a new database; an existing file is an error.  `seed` draws the sides on which answers are shown. */
int store_create(const char *path, uint64_t seed, Error *err);
/* Open one made by store_create; one of an older version is brought up to this one.  A missing, foreign, newer,
 * truncated or remote file is an error. */
int store_open(Store **out, const char *path, Error *err);
void store_close(Store *s);
/* Now, as stored. */
int64_t store_time_us(void);
/* A copy of the whole database at `path`, checked and then renamed into place; works while others write. */
int store_backup(Store *s, const char *path, Error *err);
/* The version of SQLite, and the journal mode that is safe with it: "wal" or "truncate". */
const char *store_library(const char **journal_mode);

typedef struct {
    int64_t labels, judgements, contents; /* rows whose hash was recomputed */
} StoreVerified;
/* File structure, foreign keys, the hash of every text, the hash chains of labels and judgements. */
int store_verify(Store *s, StoreVerified *out, Error *err);

/* ---- prompts and demonstrations -------------------------------------------------------------------- */

/* Train for SFT, reward and PPO; valid for choosing; test for `compare` alone. */
typedef enum { SPLIT_ANY, SPLIT_TRAIN, SPLIT_VALID, SPLIT_TEST } Split;
enum { SPLIT_N = 4 };
const char *split_name(Split split); /* "train"; SPLIT_ANY is "any" */
int split_parse(Split *out, const char *name, Error *err);

typedef struct {
    int64_t id;
    const char *text;   /* verbatim, as the model reads it */
    const char *source; /* where it came from: "demo", "hh", a file's name */
    Split split;        /* when adding: SPLIT_ANY draws it by a keyed hash of its family */
    const char
        *template; /* of a conversation: name of the chat template that its text is written in, so that
                             special tokens spelled out are tokens; NULL: text like any other.  A prompt that is
                             there already stays what it is */
} StorePrompt;

typedef struct {
    int64_t added;
    int64_t duplicate; /* already there: the row's id is filled in all the same */
    int64_t refused;   /* comparisons of two equal texts */
    int64_t moved; /* prompts put into the split their near-duplicates are in, against the wish */
} StoreAdded;

/* Fills in each row's id and split.  `added` may be NULL, here and below. */
int store_add_prompts(Store *s, StorePrompt *rows, size_t n, StoreAdded *added, Error *err);
/* *id is 0 when the text is not there. */
int store_find_prompt(Store *s, const char *text, int64_t *id, Error *err);

typedef enum { ANSWERED_ANY, ANSWERED_NO, ANSWERED_YES } Answered;
typedef struct {
    Split split;
    const char *source;
    Answered answered; /* has responses (of model_id, when given) */
    int64_t model_id;
    int64_t answers; /* so many responses answer a prompt; 0: 1 */
    const char
        *words; /* count responses alone whose settings (sampling_json) have these words in them */
    int64_t limit;
} StorePromptFilter;
typedef struct {
    StorePrompt *row;
    size_t n;
} StorePromptList;
/* In order of id.  `filter` may be NULL. */
int store_list_prompts(Store *s, const StorePromptFilter *filter, StorePromptList *out, Error *err);
void store_prompts_free(StorePromptList *list);
/* Those of train and valid, not written in a chat template, that have no demonstration; in order of id. */
int store_list_undemonstrated(Store *s, StorePromptList *out, Error *err);
/* How many store_list_prompts would list without a limit. */
int store_count_prompts(Store *s, const StorePromptFilter *filter, int64_t *out, Error *err);

typedef struct {
    const char *who; /* asks for it; NULL: only look */
    const char *why; /* may be NULL */
    bool answers;    /* too, but for texts that other prompts have as well */
} StoreRedaction;
typedef struct {
    char *text;         /* as it was; the caller frees */
    int64_t created_us; /* when it came in */
    int64_t answers;    /* texts of its answers and demonstrations that no other prompt has */
} StoreRedacted;
/* A tombstone takes the place of the prompt's text, for good; its hash stays, so that the chains hold.  Lists, counts
 * and claims leave the prompt out from then on. */
int store_redact_prompt(Store *s, int64_t prompt_id, const StoreRedaction *how, StoreRedacted *out,
                        Error *err);
void store_redacted_free(StoreRedacted *redacted); /* the text, not the struct */

typedef struct {
    int64_t id, prompt_id;
    const char *prompt; /* when adding: the prompt's text, added too when new */
    const char *response;
    const char *source;
    Split split;                      /* of the prompt */
    const char *template;             /* likewise, as in StorePrompt */
    int64_t annotator_id, session_id; /* of a person who wrote it here; 0 else */
} StoreDemonstration;
typedef struct {
    StoreDemonstration *row;
    size_t n;
} StoreDemonstrationList;
/* Of this very writer; *removed is false when it is not there. */
int store_remove_demonstration(Store *s, int64_t id, int64_t annotator_id, bool *removed,
                               Error *err);
int store_add_demonstrations(Store *s, StoreDemonstration *rows, size_t n, StoreAdded *added,
                             Error *err);
int store_list_demonstrations(Store *s, Split split, StoreDemonstrationList *out, Error *err);
void store_demonstrations_free(StoreDemonstrationList *list);

/* A text and its class, for training a classifier. */
typedef struct {
    int64_t id;
    const char *text, *class_name, *source;
    Split split; /* when adding: SPLIT_ANY draws it as for a prompt; near-duplicates share one */
} StoreClassText;
typedef struct {
    StoreClassText *row;
    size_t n;
} StoreClassTextList;
/* A text that is there with the same class is a duplicate, with another class refused. */
int store_add_class_texts(Store *s, StoreClassText *rows, size_t n, StoreAdded *added, Error *err);
/* In order of id. */
int store_list_class_texts(Store *s, Split split, StoreClassTextList *out, Error *err);
void store_class_texts_free(StoreClassTextList *list);

/* ---- models and responses -------------------------------------------------------------------------- */

enum { STORE_HASH = 65 }; /* SHA-256 in hex and a terminator */

/* One state of a model's weights, known by their hash. */
typedef struct {
    int64_t id;
    const char *name; /* as the project calls it: "base", "ppo-1@120" */
    const char *role; /* base, sft, reward, policy, external */
    const char *path; /* folder it was read from */
    const char *weights_sha256, *tokenizer_sha256; /* hex; NULL when unknown (external) */
    const char *run;                               /* that made it; may be NULL */
    int64_t step;
} StoreModel;
typedef struct {
    StoreModel *row;
    size_t n;
} StoreModelList;
/* A model of the same name and weights is the same row. */
int store_add_model(Store *s, StoreModel *model, Error *err);
int store_list_models(Store *s, StoreModelList *out, Error *err);
void store_models_free(StoreModelList *list);

/* A sampled or imported answer.  (prompt, model, sampling, seed, sample_no) says how to make it again. */
typedef struct {
    int64_t id, prompt_id, model_id;
    const char *text;
    const int *tokens; /* as sampled, the stop token included; NULL when only the text is known */
    int n_tokens;
    double sum_logprob; /* nats, at the sampling temperature; NAN when unknown */
    const char *finish; /* stop, length; NULL when unknown */
    uint64_t seed;
    int sample_no;
    const char *sampling_json; /* temperature, top_k, max_new_tokens...; NULL when unknown */
} StoreResponse;
typedef struct {
    StoreResponse *row;
    size_t n;
} StoreResponseList;
/* Fills in ids. */
int store_add_responses(Store *s, StoreResponse *rows, size_t n, StoreAdded *added, Error *err);
typedef struct {
    int64_t prompt_id, model_id;
    Split split;
    int64_t after, limit; /* ids above `after`: pages */
} StoreResponseFilter;
/* In order of id. */
int store_list_responses(Store *s, const StoreResponseFilter *filter, StoreResponseList *out,
                         Error *err);
void store_responses_free(StoreResponseList *list);

/* ---- comparisons ----------------------------------------------------------------------------------- */

/* Two responses to one prompt: an unordered pair, stored with a_id < b_id. */
typedef struct {
    int64_t id, prompt_id;
    int64_t a_id, b_id; /* given in either order, put in order by the call */
    const char *origin; /* random, active, import */
} StoreComparison;
int store_add_comparisons(Store *s, StoreComparison *rows, size_t n, StoreAdded *added, Error *err);
/* Two responses to one prompt, by their places among those that come with them. */
typedef struct {
    int a, b;
} StorePairing;
/* Responses and the pairs of them, all or nothing: no prompt is left with answers and without its pairs.  Fills
 * in the responses' ids; `added` counts pairs. */
int store_add_answers(Store *s, StoreResponse *rows, size_t n, const StorePairing *pair,
                      size_t n_pairs, StoreAdded *added, Error *err);
int store_count_comparisons(Store *s, int64_t *out, Error *err);

/* ---- campaigns ------------------------------------------------------------------------------------- */

/* What labels are for.  Those of PURPOSE_EVALUATE and PURPOSE_PRACTICE are never training data. */
typedef enum { PURPOSE_TRAIN, PURPOSE_EVALUATE, PURPOSE_PRACTICE } Purpose;
enum { PURPOSE_N = 3 };
const char *purpose_name(Purpose purpose); /* "train" */
int purpose_parse(Purpose *out, const char *name, Error *err);

#define STORE_CAMPAIGN "default" /* always there */
/* How a set of comparisons is put to people. */
typedef struct {
    int64_t id;
    const char *name, *title; /* title: in words, "" when it has none */
    const char *guidelines;   /* what annotators are told; NULL when nothing */
    int guidelines_version;   /* 1 and up; 0 when nothing */
    Purpose purpose;          /* for good, once made */
    int scale;                /* grades of strength to a side, 1 to 4 */
    bool tie, both_bad;       /* whether they are offered */
    int overlap;              /* people per comparison */
    int lease_s;              /* seconds a pair is held for one person */
    int goal;                 /* labels a day for one person; 0 none */
    bool closed;
    int64_t comparisons, labels; /* labels that stand, of people, skips apart; read only */
} StoreCampaign;
typedef struct {
    StoreCampaign *row;
    size_t n;
} StoreCampaignList;
/* A new one, by all but id, guidelines_version, closed and counts; a name that is taken is an error. */
int store_add_campaign(Store *s, const StoreCampaign *campaign, int64_t *id, Error *err);
/* By id, all but name and purpose.  Guidelines that differ become the next version; NULL leaves them. */
int store_edit_campaign(Store *s, const StoreCampaign *campaign, Error *err);
/* An unknown name is an error that says which there are.  name NULL: the one in use.  The caller frees. */
int store_get_campaign(Store *s, const char *name, StoreCampaign *out, Error *err);
void store_campaign_free(StoreCampaign *campaign); /* the texts, not the struct */
/* In order of id. */
int store_list_campaigns(Store *s, StoreCampaignList *out, Error *err);
void store_campaigns_free(StoreCampaignList *list);
/* An error when nothing more is to be labeled in it. */
int store_check_open(Store *s, Error *err);
/* From here on claims, counts of what is to label, and new comparisons are of this campaign, not the default. */
int store_use_campaign(Store *s, const char *name, Error *err);

/* ---- labeling -------------------------------------------------------------------------------------- */

typedef enum {
    ANNOTATOR_ANY,
    ANNOTATOR_HUMAN,
    ANNOTATOR_RULE,
    ANNOTATOR_LLM,
    ANNOTATOR_IMPORT /* came with a data set: somebody's, somewhere, never this project's own people */
} AnnotatorKind;
enum { ANNOTATOR_N = 5 };
const char *annotator_kind_name(AnnotatorKind kind);

/* Get or create; a handle ("ada", "rule:kind", "import:hh") keeps its kind for good. */
int store_add_annotator(Store *s, const char *handle, AnnotatorKind kind, int64_t *id, Error *err);

typedef struct {
    int64_t id;
    const char *handle;
    bool disabled; /* labels no more */
} StorePerson;
typedef struct {
    StorePerson *row;
    size_t n;
} StorePersonList;
/* Annotators of kind human, in order of id. */
int store_list_people(Store *s, StorePersonList *out, Error *err);
void store_people_free(StorePersonList *list);
/* Somebody who is disabled holds nothing any more. */
int store_disable_person(Store *s, int64_t id, bool disabled, Error *err);

/* One decision of a person. */
typedef struct {
    const char *annotator;
    int64_t submitted_us, active_ms;
    bool skip;
    bool stands; /* neither taken back nor changed since, and no practice */
    double
        agreement; /* with the others' standing labels of the pair, summed: 1 the same side, 0.5 when one
                         of the two is undecided, 0 the other side */
    int64_t compared; /* how many those are */
} StoreWork;
typedef struct {
    StoreWork *row;
    size_t n;
} StoreWorkList;
/* Decisions from `from_us` on and before `to_us` (0: all later ones), by person, the oldest first. */
int store_list_work(Store *s, int64_t from_us, int64_t to_us, StoreWorkList *out, Error *err);
void store_work_free(StoreWorkList *list);

typedef struct {
    int64_t annotator_id;
    const char *ui;       /* tui, line, rule, judge, import */
    const char *terminal; /* $TERM; may be NULL */
    int columns, rows;    /* of the terminal; 0 without one */
} StoreSession;
/* Ends what this annotator's killed programs left, as by STORE_HANG_UP. */
int store_begin_session(Store *s, const StoreSession *session, int64_t *id, Error *err);
/* Of a session whose terminal went away, or whose program was killed. */
#define STORE_HANG_UP "hang-up"
/* Of one that a signal ended. */
#define STORE_SIGNAL "signal"
/* Releases what the session still holds, but for STORE_HANG_UP and STORE_SIGNAL: whoever comes back before the
 * leases run out is given these pairs first.  `reason`: "quit", "done"... */
int store_end_session(Store *s, int64_t session_id, const char *reason, Error *err);

/* A comparison held for one annotator until the lease runs out. */
typedef struct {
    int64_t assignment_id, comparison_id, prompt_id;
    int64_t a_id, b_id;
    bool
        swapped; /* b is shown first: a keyed function of campaign seed, comparison and annotator */
    const char *prompt, *template; /* template: as in StorePrompt */
    const char *first, *second;    /* the two answers in the order to show them */
    int64_t expires_us;
} StoreClaim;
/* The next comparison that no person has or had (nor this annotator); *found is false when none is left.
 * First what a session of this annotator held when it was hung up or ended by a signal, then comparisons that
 * nobody has judged, then those that rules alone have, then, if asked for, imported ones; each in order of id,
 * but those of the prompt that the session labeled last before others. */
int store_claim_comparison(Store *s, int64_t session_id, bool imported, StoreClaim *out,
                           bool *found, Error *err);
/* Give it back unlabeled. */
int store_release_claim(Store *s, int64_t assignment_id, Error *err);
void store_claim_free(StoreClaim *claim); /* the texts, not the struct */
/* What this annotator has still to do, and has done (current labels, skips included). */
int store_count_claimable(Store *s, int64_t annotator_id, bool imported, int64_t *left,
                          int64_t *done, Error *err);
/* Of those done, the skips. */
int store_count_skipped(Store *s, int64_t annotator_id, int64_t *out, Error *err);
/* Comparisons that this annotator cannot be given, each counted once. */
typedef struct {
    int64_t labeled;        /* by other people */
    int64_t held;           /* by other people, who are at it */
    int64_t held_elsewhere; /* by other sessions of this annotator, which may have died */
    int64_t imported;       /* of data sets, with their labels, and of none of the above */
} StoreTaken;
int store_count_taken(Store *s, int64_t annotator_id, StoreTaken *out, Error *err);
/* Of those held by other people: how many comparisons could be this annotator's if they were given back, and when
 * the first lease runs out; 0 without any. */
int store_count_awaited(Store *s, int64_t annotator_id, int64_t *n, int64_t *first_us, Error *err);
/* Of those done, the ones decided at `since_us` or later, without skips. */
int store_count_since(Store *s, int64_t annotator_id, int64_t since_us, int64_t *out, Error *err);
/* Of anybody's standing preferences, those of prompts that are not for testing, decided at `since_us` or
 * later: what a model trained then has not read. */
int store_count_preferences_since(Store *s, int64_t since_us, int64_t *out, Error *err);

typedef enum { OUTCOME_PREF, OUTCOME_TIE, OUTCOME_BOTH_BAD, OUTCOME_SKIP, OUTCOME_FLAG } Outcome;
const char *outcome_name(Outcome outcome);

typedef struct {
    int64_t assignment_id;
    uint8_t uuid
        [16]; /* made once per decision (store_make_uuid), so that a retry is not a second label */
    Outcome outcome;
    int preferred; /* AS SHOWN, for OUTCOME_PREF: -1..-4 the first answer (-4 by far), 1..4 the second */
    int64_t shown_us; /* when the pair came onto the screen */
    int64_t active_ms;
    int64_t first_input_us; /* the first key that counted after it; 0 unknown */
    const char *layout;     /* side, stack, line */
    const char *comment;    /* may be NULL */
    const char *reasons;    /* of a skip or flag: words of a-z and -, commas between; may be NULL */
    int confidence;         /* 1 to 9; 0 not asked */
    bool seen;              /* whether the next two are known */
    int seen_first, seen_second; /* thousandths of the answers as shown that were in view */
} StoreDecision;
void store_make_uuid(uint8_t out[16]);
/* Hold this very comparison for the session's annotator, who may have judged it before: deciding then
 * supersedes. */
int store_hold_comparison(Store *s, int64_t session_id, int64_t comparison_id, StoreClaim *out,
                          Error *err);
/* On the disk when it returns.  Deciding again on the same assignment supersedes the earlier label; a
 * lease that ran out is no reason to throw a person's work away. */
int store_save_label(Store *s, const StoreDecision *decision, int64_t *label_id, Error *err);
/* Take back the annotator's newest standing label, today's or not; it stays on record as retracted.  The
 * pair is held again and given back to be shown; *found is false when nothing is left to undo. */
int store_undo_label(Store *s, int64_t session_id, StoreClaim *out, bool *found, Error *err);

/* ---- where people differ --------------------------------------------------------------------------- */

/* The next comparison of the campaign in use, with an id above `after`, on which the standing labels of two people
 * differ in side and which no reviewer has settled; held for the session's annotator, whose label is then a
 * reviewer's: it stands for those of the others.  *found is false when none is left. */
int store_claim_disagreed(Store *s, int64_t session_id, int64_t after, StoreClaim *out, bool *found,
                          Error *err);
/* How many there are for this reviewer. */
int store_count_disagreed(Store *s, int64_t annotator_id, int64_t *out, Error *err);
/* As store_undo_label, of a reviewer's labels. */
int store_undo_review(Store *s, int64_t session_id, StoreClaim *out, bool *found, Error *err);
typedef struct {
    const char *annotator;
    Outcome outcome;
    int preferred;       /* as stored: < 0 a is better, > 0 b is */
    const char *comment; /* may be NULL */
} StoreVote;
typedef struct {
    StoreVote *row;
    size_t n;
} StoreVoteList;
/* What people say of a comparison, reviewers apart, in the order in which they said it. */
int store_list_votes(Store *s, int64_t comparison_id, StoreVoteList *out, Error *err);
void store_votes_free(StoreVoteList *list);

/* A decision in the making, kept so that a lost line or a killed program loses none of it.  It ends with its
 * assignment's being open: with the label, the release, the lease. */
typedef struct {
    int64_t assignment_id;
    bool chosen;                               /* whether outcome and preferred mean anything */
    Outcome outcome;                           /* chosen, not saved */
    int preferred;                             /* as shown, as in StoreDecision */
    const char *reasons, *note;                /* may be NULL */
    int confidence;                            /* 0 none */
    int64_t prompt_top, first_top, second_top; /* byte of each text that stood first in its pane */
    int64_t shown_us, first_input_us, active_ms;
} StoreDraft;
/* Replaces the one before; of an assignment that is no longer open nothing is kept. */
int store_put_draft(Store *s, const StoreDraft *draft, Error *err);
/* *found is false, and *out is left alone, when there is none.  The caller frees. */
int store_get_draft(Store *s, int64_t assignment_id, StoreDraft *out, bool *found, Error *err);
void store_draft_free(StoreDraft *draft); /* the texts, not the struct */

/* The answer expected for a comparison, to practise on. */
typedef struct {
    int64_t comparison_id;
    Outcome outcome; /* OUTCOME_PREF, OUTCOME_TIE or OUTCOME_BOTH_BAD */
    int preferred;   /* as stored, for OUTCOME_PREF: < 0 a is better, > 0 b is */
    const char *why; /* told after the choice; may be NULL */
} StoreGold;
/* Replaces the one before. */
int store_put_gold(Store *s, const StoreGold *gold, Error *err);
/* The standing labels of a person that carry a comment become expected answers, the comment the reason; *n is how
 * many. */
int store_add_gold_of(Store *s, const char *handle, int64_t *n, Error *err);
int store_get_gold(Store *s, int64_t comparison_id, StoreGold *out, bool *found, Error *err);
void store_gold_free(StoreGold *gold); /* the texts, not the struct */
typedef struct {
    StoreGold *row;
    size_t n;
} StoreGoldList;
/* All of them, of any campaign, in order of comparison, but those whose prompt is redacted. */
int store_list_gold(Store *s, StoreGoldList *out, Error *err);
void store_gold_list_free(StoreGoldList *list);

/* A label that stands, as its annotator sees it. */
typedef struct {
    int64_t id, comparison_id;
    Outcome outcome;
    int preferred; /* as shown, as in StoreDecision */
    int64_t submitted_us, active_ms;
    const char *comment, *reasons; /* may be NULL */
    const char *prompt, *template; /* as in StorePrompt */
} StoreOwnLabel;
typedef struct {
    StoreOwnLabel *row;
    size_t n;
} StoreOwnLabelList;
/* Newest first, of the campaign in use, submitted at `since_us` or later; limit 0 is all. */
int store_list_own_labels(Store *s, int64_t annotator_id, int64_t since_us, int64_t limit,
                          StoreOwnLabelList *out, Error *err);
void store_own_labels_free(StoreOwnLabelList *list);

/* A thumb up or down for one answer.  A later one of the same person for the same answer supersedes; the same
 * uuid again is the same judgement. */
typedef struct {
    uint8_t uuid[16];
    int64_t session_id, response_id;
    bool good;
} StoreJudgement;
int store_save_judgement(Store *s, const StoreJudgement *judgement, int64_t *id, Error *err);
/* A judgement that stands, and what it is of. */
typedef struct {
    int64_t id;
    const char *prompt, *response;
    const char *template; /* as in StorePrompt */
    const int *tokens;    /* of the response as sampled, or NULL */
    int n_tokens;
    bool good;
    Split split;           /* of the prompt */
    const char *annotator; /* handle */
} StoreJudged;
typedef struct {
    StoreJudged *row;
    size_t n;
} StoreJudgedList;
/* In order of id. */
int store_list_judgements(Store *s, StoreJudgedList *out, Error *err);
void store_judgements_free(StoreJudgedList *list);

/* For rules and judges: whole batches, without claims. */
typedef struct {
    int64_t comparison_id, prompt_id, a_id, b_id;
    Split split;
    const char *prompt, *a, *b;
    const char *template;            /* as in StorePrompt */
    const char *finish_a, *finish_b; /* NULL when unknown */
} StorePair;
typedef struct {
    StorePair *row;
    size_t n;
} StorePairList;
/* Comparisons of the campaign in use without a standing label of this annotator, in order of id; limit 0 is
 * all. */
int store_list_unlabeled(Store *s, int64_t annotator_id, int64_t limit, StorePairList *out,
                         Error *err);
/* One comparison, as a pair. */
int store_get_pair(Store *s, int64_t comparison_id, StorePairList *out, Error *err);
void store_pairs_free(StorePairList *list);

typedef struct {
    int64_t comparison_id;
    Outcome outcome;
    int preferred;       /* as stored, for OUTCOME_PREF: < 0 a is better, > 0 b is */
    const char *comment; /* the reason in words; may be NULL */
} StoreVerdict;
/* One transaction for all.  A comparison this annotator has already labeled is a duplicate. */
int store_add_labels(Store *s, int64_t session_id, const StoreVerdict *rows, size_t n,
                     StoreAdded *added, Error *err);

/* ---- what reward training reads -------------------------------------------------------------------- */

typedef struct {
    int64_t comparison_id, prompt_id, chosen_id, rejected_id;
    const char *prompt, *chosen, *rejected;
    const char *template;                       /* as in StorePrompt */
    const int *chosen_tokens, *rejected_tokens; /* as sampled, or NULL */
    int n_chosen, n_rejected;
    bool tie;     /* chosen is a, rejected is b, neither is better */
    int strength; /* 1..4; 0 for a tie */
    bool first;   /* the chosen answer was shown first: on the left */
    double weight;
    Split split;
    AnnotatorKind kind;
    const char *annotator; /* handle */
    const char *comment;   /* a person's remark or a rule's reason; NULL: none */
} StorePreference;
typedef struct {
    Split split;
    AnnotatorKind kind;
    const char *annotator; /* handle; NULL any */
    double human_weight;   /* of labels by this project's people; 0 is 1, like all others */
    Purpose purpose;       /* of their campaign; 0 is training */
    int64_t campaign_id;   /* 0 any of that purpose */
} StorePreferenceFilter;
typedef struct {
    StorePreference *row;
    size_t n;
} StorePreferenceList;
/* Standing labels (newest, not retracted), one row each, in order of comparison and annotator; skips and
 * flags are left out, both-bad counts as a tie.  Where a reviewer has settled a comparison, the reviewer's
 * label stands for those of the other people. */
int store_list_preferences(Store *s, const StorePreferenceFilter *filter, StorePreferenceList *out,
                           Error *err);
void store_preferences_free(StorePreferenceList *list);

/* ---- import and export ----------------------------------------------------------------------------- */

typedef enum {
    DATA_AUTO,
    DATA_PROMPTS,
    DATA_DEMONSTRATIONS,
    DATA_PREFERENCES,
    DATA_LABELS,
    DATA_RESPONSES,
    DATA_JUDGEMENTS
} DataKind;
int data_kind_parse(DataKind *out, const char *name, Error *err);

/* A message of a conversation that is imported. */
typedef struct {
    const char *role; /* one of STORE_ROLES, the same pointer */
    const char *content;
} StoreMessage;
extern const char *const STORE_ROLES[3]; /* system, user, assistant */

/* What a conversation is to become: the texts that a model reads and says. */
typedef struct {
    const StoreMessage *message; /* (n) what the answers follow */
    int n;
    const char *answer[2];  /* as somebody wrote them; NULL: none */
    char *prompt, *said[2]; /* filled in; the store frees them */
    const char *template;   /* filled in: as in StorePrompt; stays as long as the import */
} StoreConversation;

/* An unknown name is wrong use. */
int store_layout_check(const char *name, Error *err);

typedef struct {
    DataKind kind;       /* DATA_AUTO: by the names in each row */
    const char *layout;  /* that all rows are of; NULL: by the names in each row */
    const char *source;  /* NULL: the file's name without folders and endings */
    Split split;         /* SPLIT_ANY: by keyed hash */
    FileWriter *rejects; /* refused lines go here as they came; the caller commits; may be NULL */
    bool strict;         /* the first bad row ends the import and nothing of it is kept */
    /* Conversations and texts given as token ids, which store/ cannot read: 0, or -1 when this one cannot be
     * taken, with the reason in err, or -2 when none can be and the import ends.  NULL refuses them. */
    int (*render)(void *reader, StoreConversation *conversation, Error *err);
    int (*decode)(void *reader, char **text, const int *token, int n, Error *err);
    void *reader;
    /* Called after each batch with bytes read (of a .gz: compressed) and the file's size, 0 if unknown. */
    void (*on_progress)(void *context, int64_t bytes, int64_t total);
    void *context;
} ImportOptions;

enum { IMPORT_SAMPLES = 3, IMPORT_REFUSALS = 5 };
typedef struct {
    int64_t line;
    char reason[256];
} ImportRefusal;
typedef struct {
    const char *layout, *about; /* its name, and what it is in a few words */
    DataKind kind;
    const char *prompt;
    const char *chosen,
        *rejected;   /* a demonstration and a judgement have no rejected, a prompt neither */
    Outcome outcome; /* of a preference: pref, tie, both_bad */
    bool good;       /* of a judgement */
    int64_t line;
} ImportSample;
typedef struct {
    int64_t taken, duplicate, refused; /* rows */
    int64_t prompts, demonstrations, comparisons, judgements,
        moved;                 /* new in the store; moved as in StoreAdded */
    int64_t by_split[SPLIT_N]; /* taken rows */
    int64_t stays[SPLIT_N]; /* duplicates whose prompt is there, and not in the split asked for */
    const char *unit;       /* of `line` below: "line", or "element" of a JSON array */
    ImportRefusal refusal[IMPORT_REFUSALS]; /* the first refused rows, by line */
    int64_t lines;                          /* read */
    bool stopped;                           /* a signal ended it after them */
    int n_samples;
    ImportSample sample[IMPORT_SAMPLES]; /* the first rows taken, as understood */
} ImportResult;
/* JSON lines, or one JSON array of rows, plain or gzip; "-" is standard input.  Each row is recognised by its
 * members (docs/formats.md has the layouts).  Bad rows are refused with line and reason, the others taken; an
 * import with no row to take is an error.  A signal ends it after the row it is at, and what was read is kept; a
 * strict one then fails. */
int store_import(Store *s, const char *path, const ImportOptions *options, ImportResult *out,
                 Error *err);
void store_import_free(ImportResult *result);
/* "prompts.jsonl: 2,391 rows taken, 9 refused" */
void store_import_summary(const ImportResult *result, const char *path, char *out, size_t n);

typedef enum { EXPORT_EXPLICIT, EXPORT_HH } ExportForm;
/* JSON lines in TRL's explicit form, preferences also in HH-RLHF's raw one (prompt and answer as one text,
 * whatever the prompt is); DATA_LABELS: every label row with its history, as it was given;
 * DATA_RESPONSES: every answer with what made it; DATA_JUDGEMENTS: those that stand, in TRL's unpaired form.
 * `rows` may be NULL. */
int store_export(Store *s, DataKind kind, ExportForm form, Split split, FILE *to, int64_t *rows,
                 Error *err);

/* ---- runs ------------------------------------------------------------------------------------------ */

typedef struct {
    int64_t id;
    const char *name, *kind;   /* kind: pretrain, sft, reward, ppo */
    const char *state;         /* running, finished, stopped, failed */
    const char *settings_json; /* as run */
    const char *inputs_json;   /* what it read, by hash */
    const char *result_json;   /* final metrics; NULL until it ends */
    const char *version;       /* of the program */
    uint64_t seed;
    int64_t started_us, ended_us; /* ended_us 0 while running */
} StoreRun;
typedef struct {
    StoreRun *row;
    size_t n;
} StoreRunList;
/* A new run, or one taken up again: a name that is there keeps its row and start, and runs again. */
int store_begin_run(Store *s, StoreRun *run, Error *err);
int store_end_run(Store *s, const char *name, const char *state, const char *result_json,
                  Error *err);
/* Newest first; kind NULL is any. */
int store_list_runs(Store *s, const char *kind, StoreRunList *out, Error *err);
void store_runs_free(StoreRunList *list);
/* The outcome of `compare` or `reward eval`, whole. */
int store_add_evaluation(Store *s, const char *name, const char *run, const char *json, Error *err);
/* The newest one of that name which has every member of the JSON object `members` (NULL: any), and when it
 * was made; *json is NULL and *created_us 0 when there is none.  The caller frees. */
int store_last_evaluation(Store *s, const char *name, const char *members, char **json,
                          int64_t *created_us, Error *err);

/* ---- rlhf status ----------------------------------------------------------------------------------- */

typedef struct {
    const char *handle;
    AnnotatorKind kind;
    int64_t labels; /* standing, without skips */
} StoreAnnotator;
typedef struct {
    int64_t prompts[SPLIT_N]; /* [SPLIT_ANY] is the total */
    int64_t demonstrations, models, responses, comparisons;
    int64_t labeled;                     /* comparisons with a standing label other than a skip */
    int64_t skipped;                     /* comparisons that were skipped and nothing else */
    int64_t labels_by_kind[ANNOTATOR_N]; /* standing, skips included; [ANNOTATOR_ANY]: all */
    int64_t preferences[SPLIT_N];        /* usable for training: skips and flags left out */
    int64_t undecided[SPLIT_N];          /* likewise: comparisons nobody has labeled or skipped */
    int64_t unanswered[SPLIT_N];         /* prompts without responses */
    StoreAnnotator *annotator;
    size_t n_annotators;
    int64_t judgements; /* of single answers, that stand */
    int64_t runs, runs_finished, evaluations;
} StoreStatus;
int store_status(Store *s, StoreStatus *out, Error *err);
void store_status_free(StoreStatus *status);

#endif
