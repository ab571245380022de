/* SPDX-License-Identifier: ISC
 *
 * The keywords of a mailbox: number k is bit STORE_KEYWORD_SHIFT + k of the
 * flags.  Numbers are given in order and never taken back.
 */
#include <stdlib.h>
#include <strings.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/store_private.h"

enum store_err
store_keywords_load(struct store_mbox *m)
{
	unsigned char key[LAYOUT_KEY_KEYWORD];
	struct kv_item k, v;
	struct kv_scan s;
	enum kv_err e;

	if (m->keywords_loaded)
		return STORE_OK;
	layout_key_keyword(key, m->info.id, 0);
	kv_scan_init(&s, m->st->kv, KV_META);
	for (e = kv_scan_to(&s, key, sizeof(key), &k, &v); e == KV_OK &&
	    k.len == sizeof(key) && memcmp(k.data, key, 5) == 0;
	    e = kv_scan_next(&s, &k, &v)) {
		unsigned bit = k.data[5];

		if (bit >= LIMIT_KEYWORDS || m->keywords[bit] != NULL)
			continue;
		m->keywords[bit] = xstrndup((const char *)v.data, v.len);
		if (m->n_keywords <= bit)
			m->n_keywords = bit + 1;
	}
	kv_scan_clear(&s);
	if (e != KV_OK && e != KV_NOT_FOUND) {
		store_keywords_unload(m);
		return store_txn_error(m->st, e);
	}
	m->keywords_loaded = true;
	return STORE_OK;
}

void
store_keywords_unload(struct store_mbox *m)
{
	store_keywords_truncate(m, 0);
	m->keywords_loaded = false;
}

void
store_keywords_truncate(struct store_mbox *m, unsigned first)
{
	while (m->n_keywords > first) {
		m->n_keywords--;
		free(m->keywords[m->n_keywords]);
		m->keywords[m->n_keywords] = NULL;
	}
}

enum store_err
store_keywords_put(struct store_mbox *m, unsigned first)
{
	unsigned char key[LAYOUT_KEY_KEYWORD];
	enum store_err e = STORE_OK;

	for (unsigned i = first; e == STORE_OK && i < m->n_keywords; i++) {
		if (m->keywords[i] == NULL)
			continue;
		layout_key_keyword(key, m->info.id, i);
		e = store_txn_error(m->st, kv_put(m->st->kv, KV_META, key,
		    sizeof(key), m->keywords[i], strlen(m->keywords[i])));
	}
	return e;
}

enum store_err
store_keywords_erase(struct store_mbox *m)
{
	unsigned char key[LAYOUT_KEY_KEYWORD];

	for (unsigned i = 0; i < m->n_keywords; i++) {
		enum kv_err e;

		layout_key_keyword(key, m->info.id, i);
		e = kv_delete(m->st->kv, KV_META, key, sizeof(key));
		if (e != KV_OK && e != KV_NOT_FOUND)
			return store_txn_error(m->st, e);
	}
	return STORE_OK;
}

uint64_t
store_mbox_keyword(const struct store_mbox *m, const char *name)
{
	for (unsigned i = 0; i < m->n_keywords; i++)
		if (m->keywords[i] != NULL &&
		    strcasecmp(m->keywords[i], name) == 0)
			return UINT64_C(1) << (STORE_KEYWORD_SHIFT + i);
	return 0;
}

enum store_err
store_keywords_mask(struct store_mbox *m, const char *name, uint64_t *mask_r)
{
	size_t len = strlen(name);

	if ((*mask_r = store_mbox_keyword(m, name)) != 0)
		return STORE_OK;
	if (m->n_keywords == LIMIT_KEYWORDS || len == 0 || len > LIMIT_KEYWORD)
		return STORE_LIMIT;
	m->keywords[m->n_keywords] = xstrdup(name);
	*mask_r = UINT64_C(1) << (STORE_KEYWORD_SHIFT + m->n_keywords++);
	return STORE_OK;
}

const char *const *
store_mbox_keywords(const struct store_mbox *m, unsigned *n_r)
{
	*n_r = m->n_keywords;
	return (const char *const *)m->keywords;
}

enum store_err
store_mbox_keyword_add(struct store_mbox *m, const char *name,
    uint64_t *mask_r)
{
	unsigned before = m->n_keywords;
	enum store_err e;

	if (m->deleted)
		return STORE_NOT_FOUND;
	if ((e = store_keywords_mask(m, name, mask_r)) != STORE_OK ||
	    m->n_keywords == before)
		return e;
	if ((e = store_txn_begin(m->st)) == STORE_OK) {
		if ((e = store_keywords_put(m, before)) == STORE_OK)
			e = store_txn_commit(m->st, STORE_TXN_FLAGS);
		else
			store_txn_abort(m->st);
	}
	if (e != STORE_OK)
		store_keywords_truncate(m, before);
	return e;
}
