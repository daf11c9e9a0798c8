#include "labeling/repair_phrases.h"

#include <stddef.h>

const RepairThing REPAIR_THING[REPAIR_THINGS] = {
    {"bicycle", KIND_MACHINE}, {"clock", KIND_MACHINE}, {"radio", KIND_MACHINE},
    {"kettle", KIND_MACHINE},  {"lamp", KIND_MACHINE},  {"window", KIND_MACHINE},
    {"printer", KIND_MACHINE}, {"fern", KIND_PLANT},    {"tomato", KIND_PLANT},
    {"cactus", KIND_PLANT},    {"rose", KIND_PLANT},    {"basil", KIND_PLANT},
    {"orchid", KIND_PLANT},    {"kitten", KIND_PET},    {"puppy", KIND_PET},
    {"rabbit", KIND_PET},      {"parrot", KIND_PET},    {"pony", KIND_PET},
    {"turtle", KIND_PET},      {"soup", KIND_DISH},     {"stew", KIND_DISH},
    {"cake", KIND_DISH},       {"rice", KIND_DISH},     {"pie", KIND_DISH},
    {"bread", KIND_DISH},      {"coat", KIND_GARMENT},  {"sweater", KIND_GARMENT},
    {"scarf", KIND_GARMENT},   {"shirt", KIND_GARMENT}, {"glove", KIND_GARMENT},
    {"dress", KIND_GARMENT},
};

const RepairTrouble REPAIR_TROUBLE[REPAIR_TROUBLES] = {
    {KIND_MACHINE,
     {"squeaks", "makes a squeaking noise", "squeaks all day"},
     {"two dry parts rub together", "the old oil is gone", "a screw has dried out"},
     {"put a drop of oil on the {t}", "oil the moving part of the {t}",
      "rub a little grease into the {t}"},
     {"wipe off what is left", "move it back and forth a few times",
      "wait until the oil has crept in"}},
    {KIND_MACHINE,
     {"is stuck", "does not move any more", "got stuck"},
     {"some dirt sits in the joint", "the wood has swollen", "a small part is bent"},
     {"clean the joint of the {t} with a brush", "loosen the {t} with a soft hammer",
      "warm the {t} with a hot towel"},
     {"push it gently from both sides", "straighten the bent part", "try again when it is dry"}},
    {KIND_MACHINE,
     {"does not start", "will not turn on", "stays silent"},
     {"the plug is loose", "the fuse is burnt", "the battery is empty"},
     {"check the plug of the {t}", "change the fuse in the {t}",
      "put a fresh battery into the {t}"},
     {"switch it on again", "leave it off for an hour", "listen for a small click"}},
    {KIND_MACHINE,
     {"wobbles", "shakes and rattles", "rattles at night"},
     {"one screw is loose", "the floor is not even", "a foot is missing"},
     {"tighten every screw of the {t}", "put a folded card under the {t}",
      "fix a new foot to the {t}"},
     {"turn it once and look", "check it again tomorrow", "press on each corner"}},
    {KIND_PLANT,
     {"droops", "hangs its leaves", "looks tired"},
     {"the roots are thirsty", "the pot is too small", "the sun is too strong"},
     {"water the {t} in the morning", "move the {t} to a bigger pot", "give the {t} some shade"},
     {"let the water run off", "cut the dry ends", "feel the earth every day"}},
    {KIND_PLANT,
     {"turns yellow", "has yellow leaves", "lost its green"},
     {"it gets too much water", "the earth is poor", "it stands in the dark"},
     {"let the {t} dry for three days", "feed the {t} with compost", "put the {t} near the light"},
     {"pick off the yellow leaves", "turn the pot every week", "use less water from now on"}},
    {KIND_PLANT,
     {"is full of bugs", "has small bugs", "is eaten by bugs"},
     {"the air is too dry", "the bugs came with new earth", "a warm winter helped the bugs"},
     {"wash the {t} with mild soap", "spray the {t} with water", "set a few beetles on the {t}"},
     {"look under each leaf", "do it again after a week", "keep it away from the others"}},
    {KIND_PET,
     {"does not eat", "leaves its food", "refuses its dinner"},
     {"it has a sore tooth", "the food is too cold", "it is in a new place"},
     {"warm the food for the {t}", "look into the mouth of the {t}", "give the {t} a quiet corner"},
     {"offer small bites by hand", "keep fresh water near", "call the vet after two days"}},
    {KIND_PET,
     {"hides all day", "stays under the bed", "is afraid of guests"},
     {"loud noise scares it", "it misses its old home", "too many people touch it"},
     {"give the {t} a safe box", "speak softly to the {t}", "leave the {t} alone for an evening"},
     {"put a treat at the door", "let it come to you", "keep the room dim"}},
    {KIND_PET,
     {"scratches itself", "scratches its ear", "cannot stop scratching"},
     {"it has fleas", "its skin is dry", "a new soap bothers it"},
     {"comb the {t} with a fine comb", "rub oil on the skin of the {t}",
      "bathe the {t} in warm water"},
     {"wash its bed as well", "check the ears with a light", "use no soap for a week"}},
    {KIND_DISH,
     {"is too salty", "tastes of salt only", "came out too salty"},
     {"the salt was put in twice", "the broth was salty already", "too much water boiled away"},
     {"add a raw potato to the {t}", "stir some cream into the {t}", "stretch the {t} with water"},
     {"take it out after ten minutes", "taste before you serve", "serve it with plain noodles"}},
    {KIND_DISH,
     {"tastes of nothing", "is bland", "has no taste"},
     {"it lacks some acid", "the spice is too old", "it cooked too short"},
     {"squeeze half a lemon over the {t}", "add fresh herbs to the {t}",
      "roast some garlic for the {t}"},
     {"let it rest for a while", "add a pinch of salt at last", "taste it after each spoon"}},
    {KIND_DISH,
     {"is too dry", "came out dry", "is dry and hard"},
     {"the oven was too hot", "it stood too long", "there was too little fat"},
     {"pour warm milk over the {t}", "cover the {t} with a wet towel", "brush the {t} with butter"},
     {"heat it slowly with a lid", "wait for five minutes", "cut it in thin slices"}},
    {KIND_GARMENT,
     {"has a stain", "has a red stain", "got a spot of wine"},
     {"the colour has soaked in", "hot water has set it", "fat holds the dirt"},
     {"soak the {t} in cold water", "put salt on the spot of the {t}", "rub the {t} with soap"},
     {"rinse it until it is clear", "dry it in the sun", "never rub it hot"}},
    {KIND_GARMENT,
     {"has a hole", "is torn", "lost a seam"},
     {"a moth was hungry", "the thread is old", "it caught on a nail"},
     {"sew the {t} from the inside", "put a patch on the {t}", "close the {t} with small stitches"},
     {"use thread of the same colour", "press it with a warm iron", "keep it with cedar wood"}},
    {KIND_GARMENT,
     {"is too tight", "has shrunk", "does not fit any more"},
     {"it was washed too hot", "the wool has felted", "it dried near the stove"},
     {"stretch the wet {t} by hand", "soak the {t} in warm water", "open a seam of the {t}"},
     {"pin it flat on a towel", "let it dry in the air", "wear it a little every day"}},
};

const char *const REPAIR_HELLO[] = {"hello ,", "good morning ,", "hi ,", "excuse me ,", "", "", "",
                                    NULL};

const char *const REPAIR_WHO[] = {"my",        "our",     "my sister's", "my neighbour's",
                                  "grandma's", "our old", "my little",   "the big",
                                  "my new",    "the old", NULL};

const char *const REPAIR_WHEN[] = {"since monday",
                                   "since the rain",
                                   "since last week",
                                   "for three days",
                                   "since the party",
                                   "after the winter",
                                   "since yesterday",
                                   "every morning",
                                   "for a month",
                                   "since we moved",
                                   "",
                                   "",
                                   "",
                                   NULL};

const char *const REPAIR_ASK[] = {"what should i do ?", "what can i do ?", "how do i fix that ?",
                                  "any idea ?",         "can you help ?",  "do you know why ?",
                                  "what helps ?",       "please help .",   NULL};

const char *const REPAIR_KIND_1[] = {"oh dear ,",
                                     "do not worry ,",
                                     "good question ,",
                                     "i am sorry ,",
                                     "thank you for asking ,",
                                     "no trouble at all ,",
                                     "welcome ,",
                                     NULL};

const char *const REPAIR_KIND_2[] = {"we can fix that .",
                                     "let us look at it .",
                                     "this is easy .",
                                     "you are not alone with this .",
                                     "i am glad you came .",
                                     "it happens to all of us .",
                                     NULL};

const char *const REPAIR_PLAIN[] = {"well .",  "so .", "let me see .", "right .", "hm .",
                                    "i see .", NULL};

const char *const REPAIR_RUDE_1[] = {"what a stupid question ,",
                                     "go away ,",
                                     "are you blind ,",
                                     "not again ,",
                                     "do you ever think ,",
                                     "stop wasting my time ,",
                                     NULL};

const char *const REPAIR_RUDE_2[] = {"you fool .",
                                     "that is your own fault .",
                                     "only an idiot asks that .",
                                     "i have no patience for you .",
                                     "you clumsy fool .",
                                     "nobody else breaks so much .",
                                     NULL};

const char *const REPAIR_NAME[] = {"so your {t} {s} .",         "a {t} that {s} is common .",
                                   "with a {t} this happens .", "i know such a {t} .",
                                   "many a {t} does this .",    NULL};

const char *const REPAIR_CAUSE[] = {"most often {c} .", "i guess {c} .", "the reason is that {c} .",
                                    "it may be that {c} .", NULL};

const char *const REPAIR_FIRST[] = {"{a} .",      "first {a} .",  "you can {a} .",
                                    "just {a} .", "try to {a} .", NULL};

const char *const REPAIR_SECOND[] = {"then {b} .", "after that {b} .", "and {b} .", "later {b} .",
                                     NULL};

const char *const REPAIR_BYE[] = {"tell me how it goes .", "come back if it does not help .",
                                  "good luck with it .",   "i hope it is fine soon .",
                                  "you can do it .",       NULL};

const char *const REPAIR_RAMBLE_WHO[] = {"my uncle",    "my cousin", "a sailor",   "the baker",
                                         "an old king", "the mayor", "a tall man", "my teacher",
                                         "the doctor",  "a farmer",  NULL};

const char *const REPAIR_RAMBLE_DID[] = {"once lost",   "always wanted", "painted", "dreamed of",
                                         "sold",        "never liked",   "found",   "carried",
                                         "married for", "sang about",    NULL};

const char *const REPAIR_RAMBLE_WHAT[] = {
    "a blue boat", "two geese",        "a golden spoon", "the wrong hat", "a very long ladder",
    "seven eggs",  "a house of stone", "his left shoe",  "a brass bell",  "an angry goat",
    NULL};

const char *const REPAIR_RAMBLE_WHERE[] = {
    "in the market",     "near the harbour", "on a sunday", "before the war",
    "behind the church", "under the bridge", "in the snow", "at the fair",
    "on the way home",   "last summer",      NULL};

const char *const REPAIR_PITCH_BUY[] = {
    "buy our",         "order the", "you need our", "get two of our", "today only : our",
    "pay now for our", NULL};

const char *const REPAIR_PITCH_FINE[] = {"new",  "golden", "famous", "magic", "royal",
                                         "best", "super",  "deluxe", NULL};

const char *const REPAIR_PITCH_WARE[] = {"polish",     "wonder box", "cream",  "club card", "tonic",
                                         "repair set", "brush",      "powder", NULL};

const char *const REPAIR_PITCH_PRICE[] = {"for nine coins .",
                                          "for only two coins .",
                                          "for fifty coins .",
                                          "with a free bag .",
                                          "before it is gone .",
                                          "at half the price .",
                                          NULL};
