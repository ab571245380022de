/* SPDX-License-Identifier: ISC
 *
 * The index in Berkeley DB 5.3, and the only file that knows it.
 *
 * The environment is private to this process and has no lock subsystem: the
 * store has one owner and one thread.  Pages are 4096 bytes, which the disk
 * writes in one piece, and carry checksums, so that damage is reported and not
 * returned.  Nothing outside the folder is opened; temporary files would go
 * there too.  A folder with a DB_CONFIG is refused by the caller.
 */
#include <db.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/kv.h"
#include "store/kv_io.h"

#define KV_PAGE 4096
#define KV_CACHE (2 * 1024 * 1024)
#define KV_LOG_FILE (1024 * 1024)
#define KV_LOG_BUFFER (64 * 1024)
#define KV_CHECKPOINT_ASK (64 * 1024)
#define KV_SCAN_MIN (8 * 1024)
#define KV_SCAN_MAX (64 * 1024)
#define KV_SCAN_LIMIT (1024 * 1024)

struct kv {
	DB_ENV *env;
	DB *db[KV_TABLES];
	DB_TXN *txn;
	unsigned char *buf; /* own; what kv_floor() found */
	size_t buf_size;
	bool damaged;
	bool dirty; /* written since the last flush */
	size_t written; /* about, since a checkpoint was last considered */
};

static const char *const kv_files[KV_TABLES] = {
	[KV_META] = "meta.db",
	[KV_HOT] = "hot.db",
	[KV_LOC] = "loc.db",
	[KV_BLOB] = "blob.db",
	[KV_TEXT] = "text.db",
};

enum kv_err
kv_refused(void)
{
	return kv_io_refused();
}

static void
kv_bdb_message(const DB_ENV *env, const char *prefix, const char *text)
{
	(void)env;
	(void)prefix;
	log_error("store: index: %s", text);
}

static void
kv_bdb_event(DB_ENV *env, u_int32_t event, void *info)
{
	struct kv *kv = env->app_private;

	(void)info;
	if (event == DB_EVENT_PANIC)
		kv->damaged = true;
}

static enum kv_err
kv_bdb_result(struct kv *kv, int rc, const char *what)
{
	switch (rc) {
	case 0:
		return KV_OK;
	case DB_NOTFOUND:
	case DB_KEYEMPTY:
		return KV_NOT_FOUND;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		log_error("store: index: %s: no space", what);
		if (kv_io_sync_failed())
			kv->damaged = true;
		return kv->damaged ? KV_DAMAGED : KV_NO_SPACE;
	case DB_RUNRECOVERY:
	case DB_CHKSUM_FAIL:
	case DB_VERIFY_BAD:
	case DB_PAGE_NOTFOUND:
	case DB_SECONDARY_BAD:
		kv->damaged = true;
		break;
	default:
		break;
	}
	log_error("store: index: %s: %s", what, db_strerror(rc));
	return kv->damaged ? KV_DAMAGED : KV_IO;
}

static int
kv_bdb_open_env(struct kv *kv, const char *dir)
{
	DB_ENV *env;
	int rc;

	if ((rc = db_env_create(&kv->env, 0)) != 0)
		return rc;
	env = kv->env;
	env->app_private = kv;
	env->set_errcall(env, kv_bdb_message);
	if ((rc = env->set_event_notify(env, kv_bdb_event)) != 0 ||
	    (rc = env->set_cachesize(env, 0, KV_CACHE, 1)) != 0 ||
	    (rc = env->set_lg_max(env, KV_LOG_FILE)) != 0 ||
	    (rc = env->set_lg_bsize(env, KV_LOG_BUFFER)) != 0 ||
	    (rc = env->set_tx_max(env, 8)) != 0 ||
	    (rc = env->set_tmp_dir(env, dir)) != 0 ||
	    (rc = env->set_flags(env, DB_TXN_WRITE_NOSYNC, 1)) != 0 ||
	    (rc = env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1)) != 0)
		return rc;
	return env->open(env, dir, DB_CREATE | DB_PRIVATE | DB_INIT_TXN |
	    DB_INIT_LOG | DB_INIT_MPOOL | DB_RECOVER, 0600);
}

static int
kv_bdb_open_table(struct kv *kv, enum kv_table t)
{
	DB *db;
	int rc;

	if ((rc = db_create(&db, kv->env, 0)) != 0)
		return rc;
	kv->db[t] = db;
	if ((rc = db->set_pagesize(db, KV_PAGE)) != 0 ||
	    (rc = db->set_flags(db, DB_CHKSUM)) != 0)
		return rc;
	return db->open(db, NULL, kv_files[t], NULL, DB_BTREE,
	    DB_CREATE | DB_AUTO_COMMIT, 0600);
}

static void
kv_bdb_functions(void)
{
	kv_io_reset();
	db_env_set_func_open(kv_io_open);
	/* not read(): libdb would take the end of a file for an error */
	db_env_set_func_pread(kv_io_pread);
	db_env_set_func_seek(kv_io_seek);
	/* with this one it does not call pwrite() */
	db_env_set_func_write(kv_io_write);
	db_env_set_func_fsync(kv_io_sync);
	db_env_set_func_ftruncate(kv_io_truncate);
	db_env_set_func_rename(kv_io_rename);
	db_env_set_func_unlink(kv_io_unlink);
	db_env_set_func_malloc(kv_io_malloc);
	db_env_set_func_realloc(kv_io_realloc);
}

enum kv_err
kv_open(const char *dir, struct kv **kv_r)
{
	struct kv *kv = xmalloc(sizeof(*kv));
	enum kv_err e;
	int rc;

	kv_bdb_functions();
	if ((e = kv_io_read_logs(dir)) != KV_OK) {
		free(kv);
		return e;
	}
	rc = kv_bdb_open_env(kv, dir);
	for (int t = 0; rc == 0 && t < KV_TABLES; t++)
		rc = kv_bdb_open_table(kv, t);
	if (rc == 0 && kv_io_refused() == KV_OK) {
		kv_io_recovered();
		*kv_r = kv;
		return KV_OK;
	}
	e = kv_bdb_result(kv, rc, "open");
	/* a file that is not there, not ours or of a strange size is damage
	 * too; a refusal by the system is not */
	if (e == KV_NOT_FOUND || (e == KV_IO &&
	    (rc < 0 || rc == EINVAL || rc == ENOENT)))
		e = KV_DAMAGED;
	if (kv_io_refused() != KV_OK)
		e = kv_io_refused();
	kv_discard(&kv);
	return e;
}

void
kv_discard(struct kv **kv)
{
	if (*kv != NULL)
		(*kv)->damaged = true;
	kv_close(kv);
}

void
kv_close(struct kv **kvp)
{
	struct kv *kv = *kvp;

	if (kv == NULL)
		return;
	kv_abort(kv);
	if (!kv->damaged && kv->env != NULL)
		kv->env->txn_checkpoint(kv->env, 0, 0, 0);
	for (int t = 0; t < KV_TABLES; t++)
		if (kv->db[t] != NULL)
			kv->db[t]->close(kv->db[t],
			    kv->damaged ? DB_NOSYNC : 0);
	if (kv->env != NULL)
		kv->env->close(kv->env, 0);
	free(kv->buf);
	free(kv);
	*kvp = NULL;
}

enum kv_err
kv_begin(struct kv *kv)
{
	if (kv->txn != NULL)
		log_panic("store: index: a transaction is open");
	return kv_bdb_result(kv, kv->env->txn_begin(kv->env, NULL, &kv->txn, 0),
	    "begin");
}

enum kv_err
kv_commit(struct kv *kv)
{
	DB_TXN *txn = kv->txn;

	kv->txn = NULL;
	kv->dirty = true;
	return kv_bdb_result(kv, txn->commit(txn, 0), "commit");
}

enum kv_err
kv_abort(struct kv *kv)
{
	DB_TXN *txn = kv->txn;

	if (txn == NULL)
		return KV_OK;
	kv->txn = NULL;
	return kv_bdb_result(kv, txn->abort(txn), "abort");
}

static DBT
kv_bdb_dbt(const void *data, size_t len)
{
	return (DBT){ .data = (void *)(uintptr_t)data,
		.size = (u_int32_t)len };
}

enum kv_err
kv_get(struct kv *kv, enum kv_table t, const void *key, size_t key_len,
    struct kv_item *v_r)
{
	DBT k = kv_bdb_dbt(key, key_len), v = { 0 };
	int rc = kv->db[t]->get(kv->db[t], kv->txn, &k, &v, 0);

	v_r->data = v.data;
	v_r->len = v.size;
	return kv_bdb_result(kv, rc, "get");
}

/* Keeps what a cursor found past the cursor's end. */
static void
kv_bdb_keep(struct kv *kv, const DBT *k, const DBT *v, struct kv_item *k_r,
    struct kv_item *v_r)
{
	size_t need = (size_t)k->size + v->size + 1;

	if (need > kv->buf_size) {
		kv->buf = xreallocarray(kv->buf, 1, need);
		kv->buf_size = need;
	}
	memcpy(kv->buf, k->data, k->size);
	if (v->size > 0)
		memcpy(kv->buf + k->size, v->data, v->size);
	*k_r = (struct kv_item){ kv->buf, k->size };
	*v_r = (struct kv_item){ kv->buf + k->size, v->size };
}

enum kv_err
kv_floor(struct kv *kv, enum kv_table t, const void *key, size_t key_len,
    struct kv_item *k_r, struct kv_item *v_r)
{
	DBT k = kv_bdb_dbt(key, key_len), v = { 0 };
	DBC *c;
	int rc = kv->db[t]->cursor(kv->db[t], kv->txn, &c, 0);

	if (rc != 0)
		return kv_bdb_result(kv, rc, "cursor");
	rc = c->get(c, &k, &v, DB_SET_RANGE);
	if (rc == DB_NOTFOUND)
		rc = c->get(c, &k, &v, DB_LAST);
	else if (rc == 0 &&
	    (k.size != key_len || memcmp(k.data, key, key_len) != 0))
		rc = c->get(c, &k, &v, DB_PREV);
	if (rc == 0)
		kv_bdb_keep(kv, &k, &v, k_r, v_r);
	c->close(c);
	return kv_bdb_result(kv, rc, "floor");
}

enum kv_err
kv_put(struct kv *kv, enum kv_table t, const void *key, size_t key_len,
    const void *value, size_t value_len)
{
	DBT k = kv_bdb_dbt(key, key_len), v = kv_bdb_dbt(value, value_len);

	if (kv->txn == NULL)
		log_panic("store: index: put outside a transaction");
	kv->written += key_len + value_len;
	return kv_bdb_result(kv,
	    kv->db[t]->put(kv->db[t], kv->txn, &k, &v, 0), "put");
}

enum kv_err
kv_delete(struct kv *kv, enum kv_table t, const void *key, size_t key_len)
{
	DBT k = kv_bdb_dbt(key, key_len);

	if (kv->txn == NULL)
		log_panic("store: index: delete outside a transaction");
	return kv_bdb_result(kv, kv->db[t]->del(kv->db[t], kv->txn, &k, 0),
	    "delete");
}

enum kv_err
kv_flush(struct kv *kv)
{
	enum kv_err e;

	if (!kv->dirty)
		return KV_OK;
	e = kv_bdb_result(kv, kv->env->log_flush(kv->env, NULL), "log flush");
	if (e == KV_OK)
		kv->dirty = false;
	return e;
}

enum kv_err
kv_checkpoint(struct kv *kv, bool force)
{
	enum kv_err e;

	/* asking libdb opens and reads a log file each time */
	if (!force && kv->written < KV_CHECKPOINT_ASK)
		return KV_OK;
	kv->written = 0;
	e = kv_bdb_result(kv, kv->env->txn_checkpoint(kv->env,
	    force ? 0 : KV_CHECKPOINT_KIB, 0, 0), "checkpoint");
	/* it says nothing of a panic while it removed old log files */
	return e == KV_OK && kv->damaged ? KV_DAMAGED : e;
}

/* --- scans --------------------------------------------------------------- */

void
kv_scan_init(struct kv_scan *s, struct kv *kv, enum kv_table t)
{
	s->kv = kv;
	s->table = t;
	s->buf = NULL;
	s->size = 0;
	s->next = NULL;
	s->records = s->hits = 0;
	s->key_len = 0;
	s->k = s->v = (struct kv_item){ NULL, 0 };
}

void
kv_scan_clear(struct kv_scan *s)
{
	free(s->buf);
	s->buf = NULL;
	s->next = NULL;
}

/* Grows the buffer while most of what was read is used, shrinks it when little
 * is. */
static void
kv_scan_adapt(struct kv_scan *s)
{
	size_t size = s->size == 0 ? KV_SCAN_MIN : s->size;

	if (s->records > 0 && s->hits * 2 >= s->records && size < KV_SCAN_MAX)
		size *= 2;
	else if (s->hits * 8 < s->records && size > KV_SCAN_MIN)
		size /= 2;
	if (size != s->size || s->buf == NULL) {
		free(s->buf);
		s->buf = xreallocarray(NULL, 1, size);
		s->size = size;
	}
	s->records = s->hits = 0;
}

/* Reads the batch that begins at s->key. */
static enum kv_err
kv_scan_fill(struct kv_scan *s)
{
	DB *db = s->kv->db[s->table];
	DBT k = kv_bdb_dbt(s->key, s->key_len), v = { 0 };
	DBC *c;
	int rc;

	s->next = NULL;
	kv_scan_adapt(s);
	if ((rc = db->cursor(db, s->kv->txn, &c, 0)) != 0)
		return kv_bdb_result(s->kv, rc, "cursor");
	v.flags = DB_DBT_USERMEM;
	for (;;) {
		v.data = s->buf;
		v.ulen = (u_int32_t)s->size;
		rc = c->get(c, &k, &v, DB_SET_RANGE | DB_MULTIPLE_KEY);
		if (rc != DB_BUFFER_SMALL || s->size >= KV_SCAN_LIMIT)
			break;
		free(s->buf);
		s->size *= 2;
		s->buf = xreallocarray(NULL, 1, s->size);
	}
	c->close(c);
	if (rc == 0)
		DB_MULTIPLE_INIT(s->next, &v);
	return kv_bdb_result(s->kv, rc, "scan");
}

/* Steps within the batch; false at its end. */
static bool
kv_scan_step(struct kv_scan *s)
{
	DBT v = { .data = s->buf, .ulen = (u_int32_t)s->size };
	void *kp, *vp;
	size_t kn, vn;

	if (s->next == NULL)
		return false;
	DB_MULTIPLE_KEY_NEXT(s->next, &v, kp, kn, vp, vn);
	if (s->next == NULL) {
		/* the next batch begins right behind the last record */
		if (s->k.len >= sizeof(s->key))
			log_panic("store: index: key too long");
		memcpy(s->key, s->k.data, s->k.len);
		s->key[s->k.len] = 0;
		s->key_len = s->k.len + 1;
		s->k.data = s->key;
		return false;
	}
	s->records++;
	s->k = (struct kv_item){ kp, kn };
	s->v = (struct kv_item){ vp, vn };
	return true;
}

static int
kv_scan_compare(const struct kv_item *k, const void *key, size_t len)
{
	size_t n = k->len < len ? k->len : len;
	int c = memcmp(k->data, key, n);

	return c != 0 ? c : (k->len > len) - (k->len < len);
}

enum kv_err
kv_scan_to(struct kv_scan *s, const void *key, size_t key_len,
    struct kv_item *k_r, struct kv_item *v_r)
{
	enum kv_err e;

	if (key_len > KV_KEY_MAX)
		log_panic("store: index: key too long");
	if (s->next != NULL && kv_scan_compare(&s->k, key, key_len) <= 0)
		while (kv_scan_compare(&s->k, key, key_len) < 0 &&
		    kv_scan_step(s))
			;
	else
		s->next = NULL;
	if (s->next == NULL) {
		memcpy(s->key, key, key_len);
		s->key_len = key_len;
		if ((e = kv_scan_fill(s)) != KV_OK)
			return e;
		kv_scan_step(s);
	}
	s->hits++;
	*k_r = s->k;
	*v_r = s->v;
	return KV_OK;
}

enum kv_err
kv_scan_next(struct kv_scan *s, struct kv_item *k_r, struct kv_item *v_r)
{
	enum kv_err e;

	if (!kv_scan_step(s)) {
		if ((e = kv_scan_fill(s)) != KV_OK)
			return e;
		kv_scan_step(s);
	}
	s->hits++;
	*k_r = s->k;
	*v_r = s->v;
	return KV_OK;
}
