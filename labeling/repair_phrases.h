/* The words of the repair counter: what its customers and its clerk can say.  Data only.
 *
 * {t} stands for the thing and {s} for what the customer said is wrong with it.  Every list of strings
 * ends with NULL. */
#ifndef LABELING_REPAIR_PHRASES_H
#define LABELING_REPAIR_PHRASES_H

typedef enum { KIND_MACHINE, KIND_PLANT, KIND_PET, KIND_DISH, KIND_GARMENT } RepairKind;

typedef struct {
    const char *name;
    RepairKind kind;
} RepairThing;

enum { REPAIR_THINGS = 31, REPAIR_TROUBLES = 16, REPAIR_WAYS = 3 };

/* A trouble that things of one kind can have: three ways to say it, and three causes, first steps and
 * second steps written for it. */
typedef struct {
    RepairKind kind;
    const char *said[REPAIR_WAYS], *cause[REPAIR_WAYS], *step[REPAIR_WAYS], *second[REPAIR_WAYS];
} RepairTrouble;

extern const RepairThing REPAIR_THING[REPAIR_THINGS];
extern const RepairTrouble REPAIR_TROUBLE[REPAIR_TROUBLES];

/* The request.  An empty string is a choice too: nothing is said there. */
extern const char *const REPAIR_HELLO[], *const REPAIR_WHO[], *const REPAIR_WHEN[],
                                                                  *const REPAIR_ASK[];

/* The answer: openers in two halves, frames around the facts, and the farewell. */
extern const char *const REPAIR_KIND_1[], *const REPAIR_KIND_2[], *const REPAIR_PLAIN[];
extern const char *const REPAIR_RUDE_1[], *const REPAIR_RUDE_2[];
extern const char *const REPAIR_NAME[], *const REPAIR_CAUSE[], *const REPAIR_FIRST[];
extern const char *const REPAIR_SECOND[], *const REPAIR_BYE[];

/* Rambling is who, did, what, where; a sales pitch is please, adjective, product, price. */
extern const char *const REPAIR_RAMBLE_WHO[], *const REPAIR_RAMBLE_DID[];
extern const char *const REPAIR_RAMBLE_WHAT[], *const REPAIR_RAMBLE_WHERE[];
extern const char *const REPAIR_PITCH_BUY[], *const REPAIR_PITCH_FINE[];
extern const char *const REPAIR_PITCH_WARE[], *const REPAIR_PITCH_PRICE[];

#endif
