/* SPDX-License-Identifier: ISC */
#include "master/ipc_handlers.h"

#include <stddef.h>

#include "common/log.h"
#include "master/children.h"
#include "master/control.h"
#include "master/deliveries.h"
#include "master/job.h"
#include "master/sessions.h"
#include "master/tasks.h"
#include "master/user_list.h"
#include "master/workers.h"

static const struct ipc_handler from_login[] = {
	{ IPC_READY, children_on_ready },
	{ IPC_QUIESCED, children_on_quiesced },
	{ IPC_SESSION_HANDOFF, sessions_on_handoff },
	{ IPC_NONE, NULL },
};

static const struct ipc_handler from_auth[] = {
	{ IPC_READY, children_on_ready },
	{ IPC_IDENTITY, job_on_identity },
	{ IPC_USERS, user_list_on_users },
	{ IPC_NONE, NULL },
};

static const struct ipc_handler from_helper[] = {
	{ IPC_READY, children_on_ready },
	{ IPC_NONE, NULL },
};

static const struct ipc_handler from_lmtp[] = {
	{ IPC_READY, children_on_ready },
	{ IPC_QUIESCED, children_on_quiesced },
	{ IPC_DELIVERY, deliveries_on_delivery },
	{ IPC_NONE, NULL },
};

static const struct ipc_handler from_nursery[] = {
	{ IPC_READY, children_on_ready },
	{ IPC_SPAWNED, workers_on_spawned },
	{ IPC_NONE, NULL },
};

static const struct ipc_handler from_worker[] = {
	{ IPC_WORKER_READY, workers_on_ready },
	{ IPC_SESSION_STATUS, sessions_on_status },
	{ IPC_SESSION_END, sessions_on_end },
	{ IPC_DELIVER_RESULT, deliveries_on_result },
	{ IPC_TASK_STATUS, tasks_on_status },
	{ IPC_RETIRE, workers_on_retire },
	{ IPC_NONE, NULL },
};

static const struct ipc_handler from_ctl[] = {
	{ IPC_CTL_REQUEST, control_on_request },
	{ IPC_CTL_TASK, tasks_on_task },
	{ IPC_NONE, NULL },
};

const struct ipc_handler *
ipc_handlers_of(unsigned role)
{
	switch (role) {
	case IPC_R_LOGIN:
		return from_login;
	case IPC_R_AUTH:
		return from_auth;
	case IPC_R_HELPER:
		return from_helper;
	case IPC_R_LMTP:
		return from_lmtp;
	case IPC_R_NURSERY:
		return from_nursery;
	case IPC_R_WORKER:
		return from_worker;
	case IPC_R_CTL:
		return from_ctl;
	}
	log_panic("ipc: no handlers for role %u", role);
}
