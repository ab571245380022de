/* SPDX-License-Identifier: ISC
 *
 * The rows that changed since a modseq, without a look at all of them: the
 * highest modseq of each block of rows is kept, from the first question on.
 */
#include <stdlib.h>

#include "common/xalloc.h"
#include "store/store_private.h"

#define NEWER_BLOCK 256 /* rows */

void
store_newer_forget(struct store_mbox *m)
{
	free(m->newest);
	m->newest = NULL;
	m->newest_blocks = 0;
}

void
store_newer_note(struct store_mbox *m, size_t row, uint64_t modseq)
{
	size_t block = row / NEWER_BLOCK;

	if (m->newest == NULL)
		return;
	if (block >= m->newest_blocks) {
		m->newest = xreallocarray(m->newest, block + 1,
		    sizeof(*m->newest));
		while (m->newest_blocks <= block)
			m->newest[m->newest_blocks++] = 0;
	}
	if (m->newest[block] < modseq)
		m->newest[block] = modseq;
}

static void
newer_make(struct store_mbox *m)
{
	m->newest_blocks = m->n / NEWER_BLOCK + 1;
	m->newest = xcalloc(m->newest_blocks, sizeof(*m->newest));
	for (size_t i = 0; i < m->n; i++)
		store_newer_note(m, i, store_row_modseq(&m->rows[i]));
}

size_t
store_mbox_newer(struct store_mbox *m, size_t from, uint64_t modseq)
{
	if (modseq == 0)
		return from;
	if (modseq >= m->info.highestmodseq)
		return m->n;
	if (m->newest == NULL)
		newer_make(m);
	for (size_t i = from; i < m->n;) {
		if (i % NEWER_BLOCK == 0 && m->newest[i / NEWER_BLOCK] <= modseq)
			i += NEWER_BLOCK;
		else if (store_row_modseq(&m->rows[i]) > modseq)
			return i;
		else
			i++;
	}
	return m->n;
}
