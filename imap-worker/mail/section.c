/* SPDX-License-Identifier: ISC
 *
 * Part numbers of BODY[...] (RFC 3501 §6.4.5).  Numbers count the parts of a
 * multipart; a message that is no multipart has one part, its body.  A
 * MESSAGE/RFC822 part is passed through: the number after it counts in the
 * message within.
 */
#include "mail/mail_private.h"

#include <string.h>

static bool
section_is_multipart(const struct mail_part *p)
{
	return strcmp(p->type, "MULTIPART") == 0;
}

/* The nth part of a message whose root part is m, or of a multipart. */
static const struct mail_part *
section_child(const struct mail_part *m, uint32_t n)
{
	const struct mail_part *p;

	if (n == 0)
		return NULL;
	if (!section_is_multipart(m))
		return n == 1 ? m : NULL;
	for (p = m->child; p != NULL && n > 1; p = p->next)
		n--;
	return p;
}

/* The part a path names. */
static const struct mail_part *
section_part(const struct mail_part *root, const struct mail_section *s)
{
	const struct mail_part *p = section_child(root, s->path[0]);

	for (unsigned i = 1; p != NULL && i < s->depth; i++) {
		if (section_is_multipart(p))
			p = section_child(p, s->path[i]);
		else if (p->child != NULL)
			p = section_child(p->child, s->path[i]);
		else
			p = NULL;
	}
	return p;
}

bool
mail_section_find(const struct mail_part *root, const struct mail_section *s,
    size_t *at_r, size_t *end_r)
{
	const struct mail_part *p = root;

	if (s->depth > sizeof(s->path) / sizeof(*s->path))
		return false;
	if (s->depth > 0) {
		p = section_part(root, s);
		if (p == NULL)
			return false;
		if (s->kind == MAIL_SECTION_ALL) {
			*at_r = p->body_at;
			*end_r = p->body_end;
			return true;
		}
		if (s->kind == MAIL_SECTION_MIME) {
			*at_r = p->header_at;
			*end_r = p->body_at;
			return true;
		}
		if (section_is_multipart(p) || p->child == NULL)
			return false;
		p = p->child;
	}
	switch (s->kind) {
	case MAIL_SECTION_ALL:
		*at_r = p->header_at;
		*end_r = p->body_end;
		return true;
	case MAIL_SECTION_HEADER:
	case MAIL_SECTION_FIELDS:
	case MAIL_SECTION_FIELDS_NOT:
		*at_r = p->header_at;
		*end_r = p->body_at;
		return true;
	case MAIL_SECTION_TEXT:
		*at_r = p->body_at;
		*end_r = p->body_end;
		return true;
	case MAIL_SECTION_MIME:
		break;
	}
	return false;
}
