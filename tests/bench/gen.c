/* SPDX-License-Identifier: ISC
 *
 * A deterministic source of mail. Number n decides everything: its kind (plain,
 * alternative, with attachment, a forwarded message, a list message), length,
 * words, addresses, dates. Some words and headers are rare on purpose, so that
 * a search has a known number of hits: "sesquipedalian" in the body of every
 * 1,000th message, an X-Bench-Rare field in every 1,600th, one of 200 senders.
 */
#include "gen.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_DAY 1672531200 /* 2023-01-01 */

static uint64_t
gen_rand(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void
gen_put(struct gen_buf *b, const char *data, size_t len)
{
	if (b->len + len > b->size) {
		b->size = (b->len + len) * 2 + 4096;
		b->data = realloc(b->data, b->size);
		if (b->data == NULL)
			abort();
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void __attribute__((format(printf, 2, 3)))
gen_printf(struct gen_buf *b, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0)
		gen_put(b, line,
		    (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* A word of a language that does not exist; small numbers are common ones. */
static void
gen_word(struct gen_buf *b, unsigned n)
{
	static const char *const syllable[] = { "ka", "lo", "mi", "ren", "sto",
		"ve", "da", "qu", "ter", "pol", "an", "is", "ur", "fe", "gra",
		"ond" };
	char word[32];
	int len = 0;

	do {
		len += snprintf(word + len, sizeof(word) - (size_t)len, "%s",
		    syllable[n % 16]);
		n /= 16;
	} while (n != 0 && len < 24);
	gen_put(b, word, (size_t)len);
}

static void
gen_words(struct gen_buf *b, uint64_t *state, size_t bytes)
{
	size_t end = b->len + bytes, line = b->len;

	while (b->len < end) {
		uint64_t r = gen_rand(state);
		/* the product of two makes small numbers frequent */
		unsigned w = (unsigned)((r & 0x7f) * ((r >> 8) & 0x7f) *
		    (((r >> 16) & 7) + 1) / 4);

		gen_word(b, w);
		if (b->len - line > 66) {
			gen_put(b, ".\r\n", 3);
			line = b->len;
		} else {
			gen_put(b, " ", 1);
		}
	}
	gen_put(b, "\r\n", 2);
}

static void
gen_base64(struct gen_buf *b, uint64_t *state, size_t bytes)
{
	static const char digit[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char line[78];
	size_t done;

	for (done = 0; done < bytes; done += 76) {
		uint64_t r = 0;
		int i;

		for (i = 0; i < 76; i++) {
			if (i % 10 == 0)
				r = gen_rand(state);
			line[i] = digit[r & 63];
			r >>= 6;
		}
		line[76] = '\r';
		line[77] = '\n';
		gen_put(b, line, sizeof(line));
	}
}

static time_t
gen_time(unsigned n)
{
	/* three years, 20,000 messages evenly, in no strict order */
	return FIRST_DAY + (time_t)((uint64_t)(n % 20000) * 4730 +
	    (n * 2654435761u) % 40000);
}

void
gen_date(unsigned n, char *date, size_t size)
{
	time_t t = gen_time(n) + 7;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(date, size, "%d-%b-%Y %H:%M:%S +0000", &tm);
}

const char *
gen_flags(unsigned n)
{
	static const char *const flags[] = { "", "(\\Seen) ",
		"(\\Seen \\Answered) ", "", "(\\Seen) ", "(\\Seen \\Flagged) ",
		"", "(\\Seen) ", "(\\Seen $Forwarded) " };

	return flags[n % 9];
}

static void
gen_header(struct gen_buf *b, unsigned n, uint64_t *state)
{
	char date[64];
	time_t t = gen_time(n);
	struct tm tm;
	unsigned i, from = (unsigned)(gen_rand(state) % 200);
	unsigned to = (unsigned)(gen_rand(state) % 5) + 1;

	gmtime_r(&t, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	gen_printf(
	    b, "Return-Path: <s%u@mail%u.example.org>\r\n", from, from % 7);
	for (i = 0; i < 3; i++)
		gen_printf(b,
		    "Received: from relay%u.example.net (relay%u.example.net"
		    " [192.0.2.%u])\r\n\tby mx%u.example.com with ESMTPS "
		    "id %016llx\r\n\tfor <bench@example.com>; %s\r\n",
		    i, i, (unsigned)(gen_rand(state) % 250), i,
		    (unsigned long long)gen_rand(state), date);
	gen_printf(b,
	    "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=k%u;\r\n"
	    "\th=from:to:subject:date; bh=%016llx%016llx=;\r\n"
	    "\tb=%016llx%016llx\r\n",
	    from % 3, (unsigned long long)gen_rand(state),
	    (unsigned long long)gen_rand(state),
	    (unsigned long long)gen_rand(state),
	    (unsigned long long)gen_rand(state));
	gen_printf(b,
	    "From: \"Sender Number %u\" <s%u@mail%u.example.org>\r\nTo: ", from,
	    from, from % 7);
	for (i = 0; i < to; i++)
		gen_printf(b, "%sRecipient %u <r%u@example.com>",
		    i ? ",\r\n\t" : "", (unsigned)(gen_rand(state) % 500),
		    (unsigned)(gen_rand(state) % 500));
	gen_put(b, "\r\n", 2);
	if (n % 10 == 3)
		gen_printf(b, "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_Nr=2E?=\r\n"
		    " =?utf-8?b?w7ZmZmVudGxpY2g=?= %u\r\n", n);
	else {
		gen_put(b, "Subject: ", 9);
		if (n % 3 == 0)
			gen_put(b, "Re: ", 4);
		if (n % 500 == 77)
			gen_put(b, "perihelion ", 11);
		for (i = 0; i < 3 + n % 5; i++) {
			gen_word(b, (unsigned)(gen_rand(state) % 4000));
			gen_put(b, " ", 1);
		}
		gen_printf(b, "%u\r\n", n % 700);
	}
	gen_printf(b, "Date: %s\r\nMessage-ID: <%08x.%u@bench.example.org>\r\n",
	    date, (unsigned)gen_rand(state), n);
	if (n % 3 == 0 && n > 20) {
		gen_printf(
		    b, "In-Reply-To: <x.%u@bench.example.org>\r\n", n - n % 17);
		gen_printf(b, "References: <y.%u@bench.example.org>\r\n"
		    " <x.%u@bench.example.org>\r\n", n - n % 19, n - n % 17);
	}
	if (n % 1600 == 11)
		gen_printf(b, "X-Bench-Rare: needle %u\r\n", n);
	if (n % 4 == 1)
		gen_printf(b,
		    "List-Id: <list%u.example.org>\r\nPrecedence: bulk\r\n",
		    n % 30);
	gen_printf(
	    b, "X-Mailer: bench %u.%u\r\nMIME-Version: 1.0\r\n", n % 5, n % 11);
}

static void
gen_text_part(struct gen_buf *b, unsigned n, uint64_t *state, size_t bytes)
{
	gen_printf(b, "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    n % 10 == 3 ? "quoted-printable" : "7bit");
	if (n % 10 == 3)
		gen_printf(b, "Gr=C3=BC=C3=9Fe aus K=C3=B6ln, Zeile eins=\r\n"
		    " geht weiter.\r\n");
	gen_words(b, state, bytes);
	if (n % 1000 == 500)
		gen_printf(b, "a sesquipedalian word.\r\n");
}

static void
gen_html_part(struct gen_buf *b, uint64_t *state, size_t bytes)
{
	size_t end = b->len + bytes;

	gen_printf(b, "Content-Type: text/html; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n<html><body>\r\n");
	while (b->len < end) {
		gen_printf(b, "<p style=\"margin: 0 0 1em 0\">");
		gen_words(b, state, 200);
		gen_printf(b, "</p>\r\n");
	}
	gen_printf(b, "</body></html>\r\n");
}

void
gen_plain(unsigned n, size_t size, struct gen_buf *out)
{
	uint64_t state = n + 1;

	out->len = 0;
	gen_printf(out,
	    "From: Sender <s%u@example.org>\r\nTo: r@example.com\r\n"
	    "Subject: plain message %u\r\n"
	    "Date: Mon, 02 Mar 2026 10:00:00 +0000\r\n"
	    "Message-ID: <p%u@bench.example.org>\r\n\r\n",
	    n % 50, n, n);
	if (out->len < size)
		gen_words(out, &state, size - out->len);
}

void
gen_message(unsigned n, struct gen_buf *out)
{
	uint64_t state = (uint64_t)n * 7919 + 17, r = gen_rand(&state);
	/* most are short, a few long */
	size_t text =
	    300 + (r & 0x7ff) + ((r >> 12) % 12 == 0 ? (r >> 20) % 20000 : 0);
	unsigned kind = (unsigned)((r >> 40) % 20);

	out->len = 0;
	gen_header(out, n, &state);
	if (kind < 9) {
		gen_text_part(out, n, &state, text);
	} else if (kind < 15) {
		gen_printf(out,
		    "Content-Type: multipart/alternative; "
		    "boundary=\"=_a%u\"\r\n\r\n--=_a%u\r\n",
		    n, n);
		gen_text_part(out, n, &state, text);
		gen_printf(out, "--=_a%u\r\n", n);
		gen_html_part(out, &state, text * 2);
		gen_printf(out, "--=_a%u--\r\n", n);
	} else if (kind < 18) {
		gen_printf(out,
		    "Content-Type: multipart/mixed; boundary=\"=_m%u\"\r\n"
		    "\r\nThis is a message in parts.\r\n--=_m%u\r\n",
		    n, n);
		gen_text_part(out, n, &state, text);
		gen_printf(out,
		    "--=_m%u\r\nContent-Type: application/pdf;\r\n"
		    "\tname=\"file%u.pdf\"\r\n"
		    "Content-Transfer-Encoding: base64\r\n"
		    "Content-Disposition: attachment;\r\n"
		    "\tfilename=\"file%u.pdf\"\r\n\r\n",
		    n, n, n);
		gen_base64(
		    out, &state, 1000 + (size_t)(gen_rand(&state) % 38000));
		gen_printf(out, "--=_m%u--\r\n", n);
	} else {
		gen_printf(out,
		    "Content-Type: multipart/mixed; boundary=\"=_f%u\"\r\n"
		    "\r\n--=_f%u\r\n",
		    n, n);
		gen_text_part(out, n, &state, text / 2);
		gen_printf(
		    out, "--=_f%u\r\nContent-Type: message/rfc822\r\n\r\n", n);
		gen_header(out, n + 100000, &state);
		gen_text_part(out, n, &state, text);
		gen_printf(out, "\r\n--=_f%u--\r\n", n);
	}
}
