// SPDX-License-Identifier: ISC
// What a web mail program does with imapflow: list, open, append, fetch, flags,
// search, move, and new mail noticed while idle.
import { webcrypto } from "node:crypto";
import fs from "node:fs";
import { ImapFlow } from "imapflow";

// Debian's node 18 does not have it as a global
globalThis.crypto ??= webcrypto;

const e = process.env;
let n = 0, failed = 0;
const ok = (good, what, detail) => {
	n++;
	console.log(`${good ? "ok" : "not ok"} ${n} - ${what}`);
	if (!good) {
		failed++;
		if (detail) console.log("# " + String(detail).replace(/\n/g, "\n# "));
	}
};
const client = () => new ImapFlow({
	host: "localhost", port: Number(e.POSTERN_IMAPS), secure: true,
	auth: { user: "t285", pass: "secret" }, logger: false,
	tls: { ca: fs.readFileSync(e.POSTERN_CA) }
});
const message = subject => `From: js@example.org\r\nTo: a@example.org\r\n` +
	`Subject: ${subject}\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\n\r\nhello\r\n`;

async function main() {
	const c = client(), d = client();
	await c.connect();
	ok(true, "connect and log in");
	const boxes = await c.list();
	ok(boxes.some(b => b.path === "INBOX"), "list has INBOX");
	const made = await c.mailboxCreate(["flow", "sub"]);
	ok(made.created, "create a mailbox tree");
	const put = await c.append("INBOX", message("one"), ["\\Seen"]);
	ok(put && put.uid === 1, "append, with its UID", put && put.uid);
	await c.append("INBOX", message("two"));
	const lock = await c.getMailboxLock("INBOX");
	ok(c.mailbox.exists === 2, "open INBOX");
	const subjects = [];
	for await (const m of c.fetch("1:*", { envelope: true, bodyStructure: true,
		flags: true, internalDate: true, size: true, source: true }))
		subjects.push(m.envelope.subject + m.source.length);
	ok(subjects.length === 2, "fetch everything of two messages", subjects);
	ok((await c.search({ subject: "two" })).join() === "2", "search by subject");
	ok(await c.messageFlagsAdd("2", ["\\Flagged", "$Label1"]), "add flags");
	const one = await c.fetchOne("2", { flags: true });
	ok(one.flags.has("\\Flagged") && one.flags.has("$Label1"), "the flags are there");
	const dl = await c.download("1", "1");
	let body = "";
	for await (const chunk of dl.content) body += chunk;
	ok(/hello/.test(body), "download a part");

	const seen = new Promise(resolve => c.once("exists", resolve));
	c.idle().catch(() => {});
	await new Promise(r => setTimeout(r, 200));
	await d.connect();
	await d.append("INBOX", message("three"));
	const got = await Promise.race([seen, new Promise(r => setTimeout(r, 5000))]);
	ok(got && got.count === 3, "new mail is seen while idle", got && got.count);
	const moved = await c.messageMove("3", made.path);
	ok(moved && moved.uidMap && moved.uidMap.size === 1, "move, with its UID map");
	const st = await d.status(made.path, { messages: true, unseen: true,
		uidNext: true, uidValidity: true });
	ok(st.messages === 1, "status of the other mailbox", st.messages);
	ok(await c.messageDelete("1"), "delete a message");
	lock.release();
	await d.mailboxDelete(made.path);
	ok(!(await d.list()).some(b => b.path === made.path), "delete a mailbox");
	await d.logout();
	await c.logout();
	ok(true, "log out");
}

main().catch(err => ok(false, "no exception", err.stack)).finally(() => {
	console.log(`1..${n}`);
	process.exit(failed ? 1 : 0);
});
