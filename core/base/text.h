/* SPDX-License-Identifier: MIT */
#ifndef BS_BASE_TEXT_H
#define BS_BASE_TEXT_H

/* Makes a text that came from anywhere fit to be shown: control characters, also U+0080 to U+009F, which terminals
 * obey, and all bytes that are not UTF-8 become '?'. */
void bs_text_tidy(char *text);

#endif
