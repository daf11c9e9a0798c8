/* Files to import, and what is in the store after it. */
#ifndef TESTS_STORE_IMPORT_TEST_H
#define TESTS_STORE_IMPORT_TEST_H

#include "tests/store/store_test.h"

static char file[FILE_PATH_MAX + 64];

static inline const char *write_file(const char *name, const char *text)
{
    snprintf(file, sizeof file, "%s/%s", folder, name);
    OK(file_write(file, text, strlen(text), &err));
    return file;
}

static inline ImportResult import(const char *path)
{
    ImportResult r = {0};
    OK(store_import(store, path, NULL, &r, &err));
    return r;
}

/* The text of one preference: the i-th in order of import. */
static inline void assert_preference(const char *prompt, const char *chosen, const char *rejected,
                                     size_t i)
{
    StorePreferenceList list = {0};
    OK(store_list_preferences(store, NULL, &list, &err));
    assert_true(i < list.n);
    assert_string_equal(list.row[i].prompt, prompt);
    assert_string_equal(list.row[i].chosen, chosen);
    assert_string_equal(list.row[i].rejected, rejected);
    store_preferences_free(&list);
}

#endif
