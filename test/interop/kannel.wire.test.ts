import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pdu } from '../../protocols/smpp/codec/pdu.ts';
import { SmppSession } from '../../protocols/smpp/session.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createLogger } from '../../src/runtime/log.ts';
import { Inbox } from '../protocols/smpp/support.ts';

const BEARERBOX = '/usr/sbin/bearerbox';
const SMSBOX = '/usr/sbin/smsbox';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Kannel's configuration: one SMPP connection to us, and a sendsms interface for the test. */
function kannelConfig(smscPort: number, adminPort: number, boxPort: number, sendPort: number): string {
  return `
group = core
admin-port = ${adminPort}
admin-password = x
smsbox-port = ${boxPort}
box-allow-ip = 127.0.0.1
admin-interface = 127.0.0.1
log-level = 4

group = smsc
smsc = smpp
smsc-id = ours
host = 127.0.0.1
port = ${smscPort}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
enquire-link-interval = 1
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = ${boxPort}
sendsms-port = ${sendPort}
sendsms-interface = 127.0.0.1
log-level = 4

group = sendsms-user
username = u
password = p
concatenation = true
max-messages = 5

group = sms-service
keyword = default
text = ""
omit-empty = true
`;
}

/** Our session as an SMSC for Kannel: an ESME that shares no line with npm smpp or with us. */
describe('Kannel as an ESME against our session', function () {
  this.timeout(30_000);
  let server: Server;
  let folder: string;
  let file: string;
  let sendPort: number;
  const boxes: ChildProcess[] = [];
  const sessions = new Inbox<SmppSession>();
  const submits = new Inbox<Pdu>();
  const heard = new Inbox<string>();

  before(async function () {
    if (!existsSync(BEARERBOX) || !existsSync(SMSBOX)) {
      const reason = `${BEARERBOX} is missing: install the Debian package kannel`;
      if (process.env['REQUIRE_INTEROP'] === '1') throw new Error(reason);
      console.log(`      skipped: ${reason}`);
      return this.skip();
    }
    server = createServer({ allowHalfOpen: true }, (socket) => {
      const session: SmppSession = new SmppSession(
        socket,
        {
          clock: systemClock(),
          log: createLogger({ level: 'silent' }),
          windowMax: 10,
          requestTimeoutMs: 10_000,
          pduLengthMax: 70_000,
          limits: { bindMs: 10_000, enquireLinkMs: 30_000, enquireLinkTimeoutMs: 10_000 },
        },
        {
          onRequest: (request, respond) => {
            if (request.command === 'submit_sm') submits.put(request);
            respond(0, request.command.startsWith('bind_') ? { systemId: 'ours' } : { messageId: 'abc' });
            if (!request.command.startsWith('bind_')) return;
            session.markBound();
            sessions.put(session);
          },
          onPdu: (direction, command) => {
            if (direction === 'in') heard.put(command);
          },
          onClose: () => undefined,
        },
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    folder = await mkdtemp(join(tmpdir(), 'bonusgate-kannel-'));
    file = join(folder, 'kannel.conf');
    sendPort = await freePort();
    const { port } = server.address() as AddressInfo;
    await writeFile(file, kannelConfig(port, await freePort(), await freePort(), sendPort));
    boxes.push(spawn(BEARERBOX, [file], { cwd: folder, stdio: 'ignore' }));
  });

  after(async () => {
    for (const box of boxes) box.kill('SIGKILL');
    for (const session of sessions.all) session.destroy('test over');
    if (boxes.length === 0) return;
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('binds as a transceiver', async () => {
    expect((await sessions.next()).closed).to.equal(false);
  });

  it('takes our deliver_sm and answers it', async () => {
    const settled = await sessions.all[0]!.request('deliver_sm', {
      body: {
        sourceAddrTon: 1,
        sourceAddrNpi: 1,
        sourceAddr: '79160000001',
        destinationAddr: '7070',
        shortMessage: Buffer.from('BALANCE'),
      },
    });
    expect(settled).to.have.nested.property('pdu.command', 'deliver_sm_resp');
    expect(settled).to.have.nested.property('pdu.status', 0);
  });

  it('sends a long text that we read in parts', async () => {
    const text = 'a'.repeat(200);
    const url = `http://127.0.0.1:${sendPort}/cgi-bin/sendsms?username=u&password=p&from=7070&to=79160000002&text=${text}`;
    // Only now: smsbox gives up at once when bearerbox does not listen yet.
    boxes.push(spawn(SMSBOX, [file], { cwd: folder, stdio: 'ignore' }));
    let accepted = false;
    while (!accepted) {
      accepted = await fetch(url).then(
        ({ status }) => status === 202,
        () => false,
      );
      if (!accepted) await new Promise((resolve) => setImmediate(resolve));
    }
    const parts = [await submits.next(), await submits.next()];
    for (const part of parts) {
      if (part.command !== 'submit_sm') throw new Error('not a submit_sm');
      expect(part.body.esmClass & 0x40).to.equal(0x40);
      expect(part.body.destinationAddr).to.equal('79160000002');
    }
  });

  it('keeps the link alive with enquire_link in both directions', async () => {
    const settled = await sessions.all[0]!.request('enquire_link');
    expect(settled).to.have.nested.property('pdu.command', 'enquire_link_resp');
    for (;;) if ((await heard.next()) === 'enquire_link') break;
    expect(sessions.all).to.have.length(1);
  });

  it('says unbind to us when it stops', async () => {
    boxes[0]!.kill('SIGTERM');
    for (;;) if ((await heard.next()) === 'unbind') break;
  });
});
