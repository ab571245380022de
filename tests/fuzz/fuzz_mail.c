/* SPDX-License-Identifier: ISC
 *
 * A message of any bytes: its tree lies within the message and within its
 * parents, its IMAP forms are well-formed, every section is in range, fields
 * chosen and not chosen together are the header, and searches end.
 */
#include <assert.h>
#include <string.h>

#include "common/limits.h"
#include "mail/mail.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

/* Checks that text is one parenthesized list of strings, numbers and atoms. */
static void
check_syntax(const struct buf *b)
{
	const char *p = (const char *)b->data, *end = p + b->len;
	unsigned depth = 0;

	assert(!b->overflow && b->len > 2 && *p == '(');
	while (p < end) {
		size_t n = 0;

		switch (*p++) {
		case '(':
			depth++;
			break;
		case ')':
			assert(depth > 0);
			depth--;
			assert(depth > 0 || p == end);
			break;
		case '"':
			for (; assert(p < end), *p != '"'; p++) {
				if (*p == '\\')
					p++;
				assert(p < end && *p > 0 && *p != '\r' &&
				    *p != '\n');
			}
			p++;
			break;
		case '{':
			for (; assert(p < end), *p != '}'; p++) {
				assert(*p >= '0' && *p <= '9');
				n = n * 10 + (size_t)(*p - '0');
			}
			assert(end - p >= 3 && p[1] == '\r' && p[2] == '\n');
			p += 3;
			assert((size_t)(end - p) >= n);
			p += n;
			break;
		default:
			assert(strchr(" NIL0123456789", p[-1]) != NULL);
			break;
		}
	}
	assert(depth == 0);
}

static void
check_section(const struct mail_part *root, struct mail_section *s,
    size_t len)
{
	for (int kind = MAIL_SECTION_ALL; kind <= MAIL_SECTION_MIME; kind++) {
		size_t at, end;

		s->kind = (enum mail_section_kind)kind;
		if (mail_section_find(root, s, &at, &end))
			assert(at <= end && end <= len);
		else
			assert(kind != MAIL_SECTION_ALL || s->depth > 0);
	}
}

static void
check_part(const struct mail_part *root, const struct mail_part *part,
    struct mail_section *s, struct mail_bytes msg, unsigned depth,
    unsigned *count)
{
	uint32_t lines = 0;

	(*count)++;
	assert(depth <= LIMIT_MIME_DEPTH && *count <= LIMIT_MIME_PARTS);
	assert(part->header_at <= part->body_at);
	assert(part->body_at <= part->body_end && part->body_end <= msg.len);
	assert(mail_header_end(msg, part->header_at, part->body_end) <=
	    part->body_end);
	if (part->parent != NULL) {
		assert(part->header_at >= part->parent->body_at);
		assert(part->body_end <= part->parent->body_end);
	}
	for (size_t i = part->body_at; i < part->body_end; i++)
		lines += msg.data[i] == '\n' || i + 1 == part->body_end;
	assert(lines == part->lines);
	check_section(root, s, msg.len);
	if (part->child == NULL)
		return;
	if (strcmp(part->type, "MULTIPART") != 0) {
		assert(part->child->envelope != NULL);
		assert(part->child->next == NULL);
		check_part(root, part->child, s, msg, depth + 1, count);
		return;
	}
	if (s->depth == 100)
		return;
	s->path[s->depth++] = 1;
	for (part = part->child; part != NULL; part = part->next) {
		check_part(root, part, s, msg, depth + 1, count);
		s->path[s->depth - 1]++;
	}
	s->depth--;
}

static void
check_fields(struct mail_bytes msg)
{
	static const char *const names[] = { "SUBJECT", "To", "x", NULL };
	struct mail_field_iter it;
	struct mail_field f;
	uint64_t bits = mail_header_bits(msg, 0, msg.len);
	size_t all = 0;
	struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	mail_field_first(&it, msg, 0, msg.len);
	while (mail_field_next(&it, &f)) {
		assert(bits & mail_field_bit(f.name, f.name_len));
		assert(f.at < f.end && f.end <= msg.len);
		assert(f.value_len <= f.end - f.at && f.name_len > 0);
		all += f.end - f.at;
	}
	mail_header_fields(msg, 0, msg.len, names, false, &b);
	mail_header_fields(msg, 0, msg.len, names, true, &b);
	assert(b.len >= all && b.len <= all + 4);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct mail_bytes msg = { data, len };
	struct mail_section s = { .depth = 0 };
	struct mail_needle *n;
	struct mail_part *root;
	unsigned count = 0;
	struct arena a;
	struct buf b;

	arena_init(&a);
	buf_init(&b, SIZE_MAX / 4);
	root = mail_parse(msg, &a);
	assert(root->header_at == 0 && root->body_end == len);
	mail_put_envelope(&b, root->envelope);
	check_syntax(&b);
	for (int extended = 0; extended < 2; extended++) {
		buf_reset(&b);
		mail_put_bodystructure(&b, root, extended);
		check_syntax(&b);
	}
	check_part(root, root, &s, msg, 1, &count);
	check_fields(msg);
	n = mail_needle_new("Needle", 6, &a);
	mail_find_text(msg, true, n);
	if (len > 4) {
		n = mail_needle_new((const char *)data + len - 4, 4, &a);
		if (mail_find_text(msg, false, n))
			assert(mail_find_text(msg, true, n));
		mail_find_header(msg, NULL, n);
	}
	buf_clear(&b);
	arena_clear(&a);
	return 0;
}
