/* SPDX-License-Identifier: ISC
 *
 * Charsets to UTF-8, whole or in pieces, and header values (RFC 2047) with
 * them.  Single-byte charsets come from tables, the Unicode encodings from code
 * here, the multi-byte charsets of East Asia from iconv(3): only those listed
 * in charset_iconv, so that no rare converter is ever loaded because a
 * stranger's mail named it.
 */
#include "mail/mail_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mail/charset_tables.h"

#define CHARSET_NAME_MAX 40

static const struct charset_alias {
	const char *name, *iconv;
} charset_iconv[] = {
	{ "big5", "BIG5" },
	{ "big5-hkscs", "BIG5-HKSCS" },
	{ "cp932", "CP932" },
	{ "cp936", "GBK" },
	{ "cp949", "CP949" },
	{ "cp950", "BIG5" },
	{ "euc-jp", "EUC-JP" },
	{ "euc-kr", "CP949" },
	{ "euc-tw", "EUC-TW" },
	{ "gb18030", "GB18030" },
	{ "gb2312", "GB18030" },
	{ "gb_2312-80", "GB18030" },
	{ "gbk", "GB18030" },
	{ "hz-gb-2312", "HZ" },
	{ "iso-2022-cn", "ISO-2022-CN" },
	{ "iso-2022-jp", "ISO-2022-JP-2" },
	{ "iso-2022-jp-1", "ISO-2022-JP-2" },
	{ "iso-2022-jp-2", "ISO-2022-JP-2" },
	{ "iso-2022-jp-3", "ISO-2022-JP-3" },
	{ "iso-2022-kr", "ISO-2022-KR" },
	{ "johab", "JOHAB" },
	{ "ks_c_5601-1987", "CP949" },
	{ "shift-jis", "CP932" },
	{ "shift_jis", "CP932" },
	{ "sjis", "CP932" },
	{ "uhc", "CP949" },
	{ "windows-31j", "CP932" },
	{ "x-sjis", "CP932" },
};

static const char *const charset_utf8[] = {
	"ansi_x3.4-1968", "ascii", "iso646-us", "unicode-1-1-utf-8",
	"us-ascii", "utf-8", "utf8",
};

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Lower case, without outer blanks and quotes; "" when it cannot be a name. */
static void
charset_normal(const char *name, size_t len, char out[CHARSET_NAME_MAX])
{
	size_t n = 0;

	while (len > 0 && strchr(" \t\r\n\"'", *name) != NULL) {
		name++;
		len--;
	}
	while (len > 0 && strchr(" \t\r\n\"'", name[len - 1]) != NULL)
		len--;
	if (len >= CHARSET_NAME_MAX)
		len = 0;
	while (n < len && name[n] > ' ' && name[n] < 0x7f) {
		out[n] = (char)mail_lower((unsigned char)name[n]);
		n++;
	}
	out[n == len ? n : 0] = '\0';
}

static int
charset_cmp(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

/* Sets up c for a normal name; false when it is not known. */
static bool
charset_find(struct mail_conv *c, const char *name)
{
	const struct charset_name *table = bsearch(name, charset_names,
	    sizeof(charset_names) / sizeof(*charset_names),
	    sizeof(*charset_names), charset_cmp);
	const struct charset_alias *alias;

	*c = (struct mail_conv){ .kind = MAIL_CONV_UTF8, .cd = (iconv_t)-1 };
	if (bsearch(name, charset_utf8,
	    sizeof(charset_utf8) / sizeof(*charset_utf8),
	    sizeof(*charset_utf8), charset_cmp) != NULL)
		return true;
	if (table != NULL) {
		c->kind = MAIL_CONV_TABLE;
		c->table = charset_tables[table->table];
		return true;
	}
	if (strcmp(name, "utf-16") == 0 || strcmp(name, "utf-16be") == 0 ||
	    strcmp(name, "utf-16le") == 0) {
		c->kind = MAIL_CONV_UTF16;
		c->swapped = strcmp(name, "utf-16le") == 0;
		return true;
	}
	if (strcmp(name, "utf-7") == 0 ||
	    strcmp(name, "unicode-1-1-utf-7") == 0) {
		c->kind = MAIL_CONV_UTF7;
		return true;
	}
	alias = bsearch(name, charset_iconv,
	    sizeof(charset_iconv) / sizeof(*charset_iconv),
	    sizeof(*charset_iconv), charset_cmp);
	if (alias == NULL)
		return false;
	c->kind = MAIL_CONV_ICONV;
	c->cd = iconv_open("UTF-8", alias->iconv);
	return c->cd != (iconv_t)-1;
}

void
mail_conv_init(struct mail_conv *c, const char *charset, size_t len)
{
	char name[CHARSET_NAME_MAX] = "us-ascii";

	if (charset != NULL)
		charset_normal(charset, len, name);
	if (charset_find(c, name))
		return;
	c->kind = MAIL_CONV_TABLE;
	c->table = charset_tables[CHARSET_WINDOWS_1252];
}

void
mail_conv_clear(struct mail_conv *c)
{
	if (c->cd != (iconv_t)-1)
		iconv_close(c->cd);
	c->cd = (iconv_t)-1;
}

bool
mail_charset_known(const char *charset)
{
	char name[CHARSET_NAME_MAX];
	struct mail_conv c;
	bool known;

	charset_normal(charset, strlen(charset), name);
	known = charset_find(&c, name);
	mail_conv_clear(&c);
	return known;
}

size_t
mail_ascii_run(const unsigned char *in, size_t len)
{
	size_t i = 0;
	uint64_t w;

	for (; len - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, in + i, sizeof(w));
		if (w & 0x8080808080808080u)
			break;
	}
	while (i < len && in[i] < 0x80)
		i++;
	return i;
}

int
mail_utf8_len(const unsigned char *in, size_t len)
{
	unsigned char low = 0x80, high = 0xbf, c = in[0];
	size_t need;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	need = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (c == 0xe0)
		low = 0xa0; /* shorter form exists */
	else if (c == 0xed)
		high = 0x9f; /* surrogates */
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f; /* beyond U+10FFFF */
	for (size_t i = 1; i < need; i++) {
		if (i == len)
			return -1;
		if (in[i] < low || in[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return (int)need;
}

size_t
mail_utf8_encode(uint32_t cp, unsigned char out[4])
{
	if (cp < 0x80) {
		out[0] = (unsigned char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (unsigned char)(0xc0 | cp >> 6);
		out[1] = (unsigned char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (unsigned char)(0xe0 | cp >> 12);
		out[1] = (unsigned char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (unsigned char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (unsigned char)(0xf0 | cp >> 18);
	out[1] = (unsigned char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (unsigned char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (unsigned char)(0x80 | (cp & 0x3f));
	return 4;
}

static bool
put_char(struct buf *out, uint32_t cp)
{
	unsigned char bytes[4];

	return mail_put_fit(out, bytes, mail_utf8_encode(cp, bytes));
}

static bool
put_bad(struct buf *out)
{
	return mail_put_fit(out, replacement, 3);
}

/* Completes the character begun in the last piece; returns the bytes taken. */
static size_t
utf8_carry(struct mail_conv *c, const unsigned char *in, size_t len,
    struct buf *out)
{
	size_t used = 0;

	while (c->carry_len > 0 && used < len) {
		int n;

		c->carry[c->carry_len] = in[used];
		n = mail_utf8_len(c->carry, c->carry_len + 1);
		if (n == 0) { /* the new byte starts afresh */
			put_bad(out);
			c->carry_len = 0;
			break;
		}
		used++;
		c->carry_len++;
		if (n > 0) {
			mail_put_fit(out, c->carry, c->carry_len);
			c->carry_len = 0;
		}
	}
	return used;
}

/* Bytes of a broken character: as many as could have started one. */
static size_t
utf8_bad_len(const unsigned char *in, size_t len)
{
	size_t n = 1;

	while (n < len && mail_utf8_len(in, n + 1) < 0)
		n++;
	return n;
}

static bool
utf8_feed(struct mail_conv *c, const unsigned char *in, size_t len,
    struct buf *out)
{
	size_t i = utf8_carry(c, in, len, out), from = i;

	while (i < len) {
		int n;

		i += mail_ascii_run(in + i, len - i);
		if (i == len)
			break;
		n = mail_utf8_len(in + i, len - i);
		if (n > 0) {
			i += (size_t)n;
			continue;
		}
		mail_put_fit(out, in + from, i - from);
		if (n < 0) {
			c->carry_len = len - i;
			memcpy(c->carry, in + i, c->carry_len);
			return !out->overflow;
		}
		if (!put_bad(out))
			return false;
		i += utf8_bad_len(in + i, len - i);
		from = i;
	}
	return mail_put_fit(out, in + from, i - from);
}

static bool
table_feed(struct mail_conv *c, const unsigned char *in, size_t len,
    struct buf *out)
{
	size_t i = 0;

	while (i < len) {
		unsigned char piece[3 * 256];
		size_t run = mail_ascii_run(in + i, len - i), n = 0;

		if (!mail_put_fit(out, in + i, run))
			return false;
		for (i += run; i < len && n < sizeof(piece) - 3 &&
		    in[i] >= 0x80; i++)
			n += mail_utf8_encode(c->table[in[i] - 0x80],
			    piece + n);
		if (!mail_put_fit(out, piece, n))
			return false;
	}
	return true;
}

/* Takes a unit of UTF-16. */
static bool
utf16_unit(struct mail_conv *c, uint16_t u, struct buf *out)
{
	uint16_t high = c->high;

	c->high = 0;
	if (high != 0 && u >= 0xdc00 && u <= 0xdfff)
		return put_char(out, 0x10000 +
		    ((uint32_t)(high - 0xd800) << 10 | (u - 0xdc00u)));
	if (high != 0 && !put_bad(out))
		return false;
	if (u >= 0xd800 && u <= 0xdbff) {
		c->high = u;
		return true;
	}
	return u >= 0xdc00 && u <= 0xdfff ? put_bad(out) : put_char(out, u);
}

static bool
utf16_feed(struct mail_conv *c, const unsigned char *in, size_t len,
    struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		uint16_t u;

		c->carry[c->carry_len++] = in[i];
		if (c->carry_len < 2)
			continue;
		c->carry_len = 0;
		u = (uint16_t)(c->swapped ? c->carry[1] << 8 | c->carry[0] :
		    c->carry[0] << 8 | c->carry[1]);
		if (!c->started && (u == 0xfeff || u == 0xfffe)) {
			c->swapped ^= u == 0xfffe;
			c->started = true;
			continue;
		}
		c->started = true;
		if (!utf16_unit(c, u, out))
			return false;
	}
	return true;
}

static int
utf7_value(unsigned char b)
{
	if (b >= 'A' && b <= 'Z')
		return b - 'A';
	if (b >= 'a' && b <= 'z')
		return b - 'a' + 26;
	if (b >= '0' && b <= '9')
		return b - '0' + 52;
	return b == '+' ? 62 : b == '/' ? 63 : -1;
}

/* Leaves the base64 run at byte b; true when b belongs to the run. */
static bool
utf7_unshift(struct mail_conv *c, unsigned char b, struct buf *out)
{
	if (c->high != 0) {
		put_bad(out);
		c->high = 0;
	}
	if (b == '-' && c->empty)
		mail_put_fit(out, "+", 1);
	c->shifted = false;
	return b == '-';
}

static bool
utf7_feed(struct mail_conv *c, const unsigned char *in, size_t len,
    struct buf *out)
{
	for (size_t i = 0; i < len && !out->overflow; i++) {
		int v = utf7_value(in[i]);

		if (c->shifted && v >= 0) {
			c->empty = false;
			c->bits = c->bits << 6 | (uint32_t)v;
			c->count += 6;
			if (c->count >= 16) {
				c->count -= 16;
				utf16_unit(c, (uint16_t)(c->bits >> c->count),
				    out);
			}
			continue;
		}
		if (c->shifted && utf7_unshift(c, in[i], out))
			continue;
		if (in[i] == '+') {
			c->shifted = c->empty = true;
			c->bits = c->count = 0;
		} else if (in[i] < 0x80)
			mail_put_fit(out, in + i, 1);
		else
			put_bad(out);
	}
	return !out->overflow;
}

/* Converts n bytes; what could not be taken yet stays in *in and *n. */
static bool
iconv_run(struct mail_conv *c, char **in, size_t *n, struct buf *out)
{
	while (*n > 0) {
		char piece[4096], *to = piece;
		size_t room = sizeof(piece);
		size_t r = iconv(c->cd, in, n, &to, &room);
		int err = r == (size_t)-1 ? errno : 0;

		if (!mail_put_fit(out, piece, sizeof(piece) - room))
			return false;
		if (err == EINVAL)
			return true;
		if (err == EILSEQ) {
			(*in)++;
			(*n)--;
			if (!put_bad(out))
				return false;
		}
	}
	return true;
}

static bool
iconv_feed(struct mail_conv *c, const unsigned char *in, size_t len,
    struct buf *out)
{
	while (len > 0) {
		char piece[1024 + sizeof(c->carry)], *at = piece;
		size_t take = len < 1024 ? len : 1024, left;

		memcpy(piece, c->carry, c->carry_len);
		memcpy(piece + c->carry_len, in, take);
		left = c->carry_len + take;
		in += take;
		len -= take;
		if (!iconv_run(c, &at, &left, out))
			return false;
		while (left > sizeof(c->carry) / 2) {
			at++;
			left--;
			if (!put_bad(out))
				return false;
		}
		memcpy(c->carry, at, left);
		c->carry_len = left;
	}
	return true;
}

bool
mail_conv_feed(struct mail_conv *c, const unsigned char *in, size_t len,
    struct buf *out)
{
	switch (c->kind) {
	case MAIL_CONV_UTF8:
		return utf8_feed(c, in, len, out);
	case MAIL_CONV_TABLE:
		return table_feed(c, in, len, out);
	case MAIL_CONV_UTF16:
		return utf16_feed(c, in, len, out);
	case MAIL_CONV_UTF7:
		return utf7_feed(c, in, len, out);
	case MAIL_CONV_ICONV:
		return iconv_feed(c, in, len, out);
	}
	return false;
}

bool
mail_conv_end(struct mail_conv *c, struct buf *out)
{
	bool cut = c->carry_len > 0 || c->high != 0;

	c->carry_len = 0;
	c->high = 0;
	return cut ? put_bad(out) : !out->overflow;
}

bool
mail_conv_is_plain(const struct mail_conv *c)
{
	return (c->kind == MAIL_CONV_UTF8 || c->kind == MAIL_CONV_TABLE) &&
	    c->carry_len == 0;
}

static bool
charset_convert(const char *charset, size_t charset_len,
    const unsigned char *in, size_t len, struct buf *out)
{
	struct mail_conv c;

	mail_conv_init(&c, charset, charset_len);
	if (mail_conv_feed(&c, in, len, out))
		mail_conv_end(&c, out);
	mail_conv_clear(&c);
	return !out->overflow;
}

bool
mail_to_utf8(const char *charset, const unsigned char *in, size_t len,
    struct buf *out)
{
	return charset_convert(charset, charset == NULL ? 0 : strlen(charset),
	    in, len, out);
}
