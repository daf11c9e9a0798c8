/* What is begun on the screen on which people write, and its file. */
#include "labeling/writing_desk.h"
#include "labeling/writing_draft.h"

void writing_desk_drop_draft(WritingDesk *d)
{
    Error failure = {0};
    d->unkept = false;
    if (d->draft && writing_draft_remove(d->draft, &failure) != 0)
        writing_desk_say(d, PAINT_BAD, "the draft is still there: %s", failure.message);
}

void writing_desk_keep(WritingDesk *d)
{
    Error failure = {0};
    if (!d->unkept || !d->draft) return;
    if (!writing_desk_is_unsaved(d)) {
        writing_desk_drop_draft(d);
        return;
    }
    const bool given = writing_desk_is_given(d) && d->at < d->prompts.n;
    const WritingDraft draft = {.prompt_id = given ? d->prompts.row[d->at].id : 0,
                                .prompt = d->area[WRITING_PROMPT].text.bytes,
                                .answer = d->area[WRITING_ANSWER].text.bytes,
                                .in_answer = d->focus == WRITING_ANSWER,
                                .cursor = (int64_t)d->area[d->focus].cursor};
    d->unkept = false;
    if (writing_draft_keep(d->draft, &draft, &failure) != 0)
        writing_desk_say(d, PAINT_BAD, "the draft is NOT kept: %s", failure.message);
}

/* A prompt that the draft answers and that is gone leaves the answer, which is its writer's. */
static bool find_given(WritingDesk *d, int64_t prompt_id)
{
    for (size_t i = 0; i < d->prompts.n; i++) {
        if (d->prompts.row[i].id != prompt_id) continue;
        d->at = i;
        writing_desk_show_given(d);
        return true;
    }
    return false;
}

void writing_desk_take_up_draft(WritingDesk *d)
{
    WritingDraft draft = {0};
    Error failure = {0};
    bool found = false, there = true;
    if (!d->draft) return;
    if (writing_draft_read(d->draft, &draft, &found, &failure) != 0) {
        d->draft = NULL; /* whatever it is, it is not written over */
        writing_desk_say(d, PAINT_BAD, "no draft is kept: %s", failure.message);
        return;
    }
    if (!found) return;
    if (d->mode == &WRITING_END) {
        writing_desk_say(d, PAINT_BOLD, "an answer that you had begun is still in %s", d->draft);
        writing_draft_free(&draft);
        return;
    }
    if (writing_desk_is_given(d)) there = find_given(d, draft.prompt_id);
    else textarea_set(&d->area[WRITING_PROMPT], draft.prompt);
    textarea_set(&d->area[WRITING_ANSWER], draft.answer);
    if (draft.in_answer) d->focus = WRITING_ANSWER;
    TextArea *area = &d->area[d->focus];
    if (draft.cursor >= 0 && (size_t)draft.cursor <= area->text.n)
        area->cursor = (size_t)draft.cursor;
    if (there) writing_desk_say(d, PAINT_BOLD, "here is what you had begun");
    else
        writing_desk_say(d, PAINT_BOLD,
                         "the prompt that you were answering is gone; here is your answer to it");
    writing_draft_free(&draft);
}
