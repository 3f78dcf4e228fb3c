/* tests/test.h -- cmocka with the headers it needs before it. Include only this. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules/base/err.h"
#include "rules/base/slice.h"

/* Shows both texts when they differ. */
#define assert_slice_equal(got, want)                                                          \
    do {                                                                                       \
        struct slice got_ = (got);                                                             \
        struct slice want_ = slice_of(want);                                                   \
        if (!slice_eq(got_, want_))                                                            \
            fail_msg("got \"%.*s\", want \"%.*s\"", SLICE_ARG(got_), SLICE_ARG(want_));        \
    } while (0)

/* Shows the error's text when a call fails. */
#define assert_ok(call, err)                                                                   \
    do {                                                                                       \
        enum err_code code_ = (call);                                                          \
        if (code_ != ERR_OK)                                                                   \
            fail_msg("%s: %s (%s)", err_code_name(code_), (err)->text, (err)->where);          \
    } while (0)

#endif
