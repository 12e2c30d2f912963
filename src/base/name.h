/*
 * Names that people enter and other people read: of an organization, a plan, a campaign, a key.
 */
#ifndef NAME_H
#define NAME_H

#include "base/error.h"

/*
 * OK, or BAD_REQUEST if well-formed UTF-8 text has a character that no name needs: a control character, a line or paragraph
 * separator, or one that reverses or embeds the text around it, so that a page would show another name than the one that is
 * stored.  field names the text in the error.
 */
enum status	name_check(const char *field, const char *text, struct error *err) __attribute__((warn_unused_result));

#endif
