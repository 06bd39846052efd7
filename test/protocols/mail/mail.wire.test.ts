import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createMail, type MailWire } from '../../../protocols/mail/mail.ts';
import { startSmtp, type Smtp } from '../../../simulators/smtp/smtp.ts';
import type { DirectNotice } from '../../../src/notify/ports.ts';
import { manualClock, systemClock } from '../../../src/runtime/clock.ts';
import { noticesConfig } from '../../../src/runtime/config/notices.ts';
import { newTraceId } from '../../../src/runtime/ids.ts';
import { quietLog as log } from '../../support/ledger.ts';

const notice = (id = '16 visit 1'): DirectNotice => ({
  id,
  trace: newTraceId(),
  to: 'anna@example.test',
  subject: 'Ваши баллы',
  text: 'Начислено 5 баллов.\n.\nВсего: 7.',
});

describe('the mail wire', () => {
  let smtp: Smtp;
  let wire: MailWire | undefined;

  beforeEach(async () => {
    smtp = await startSmtp();
  });
  afterEach(async () => {
    wire?.close();
    await smtp.close();
  });

  const configOf = (mail: object = {}) =>
    noticesConfig.parse({
      mail: {
        enabled: true,
        port: smtp.port,
        requireTls: false,
        from: 'Bonus <bonus@gate.example>',
        ...mail,
      },
    }).mail;
  const open = (mail: object = {}, clock = systemClock()): MailWire =>
    (wire = createMail(configOf(mail), { clock, log }));

  it('hands a message over, whatever its alphabet', async () => {
    expect(await open().send(notice())).to.deep.equal({ kind: 'accepted' });
    const [mail] = smtp.mails;
    expect(mail).to.include({ from: 'bonus@gate.example' });
    expect(mail!.to).to.deep.equal(['anna@example.test']);
    expect(mail!.raw).to.include('Auto-Submitted: auto-generated');
    const body = mail!.raw.slice(mail!.raw.indexOf('\r\n\r\n') + 4);
    const decoded = /base64/i.test(mail!.raw)
      ? Buffer.from(body, 'base64').toString('utf8')
      : Buffer.from(
          body
            .replace(/=\r\n/g, '')
            .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
          'latin1',
        ).toString('utf8');
    expect(decoded.replaceAll('\r\n', '\n').trim()).to.equal('Начислено 5 баллов.\n.\nВсего: 7.');
  });

  it('gives the same notice the same message id, and another notice another', async () => {
    const mail = open();
    await mail.send(notice());
    await mail.send(notice());
    await mail.send(notice('16 visit 2'));
    const [first, second, third] = smtp.mails.map(({ messageId }) => messageId);
    expect(first).to.match(/^<[0-9a-f]{32}@gate\.example>$/);
    expect(second).to.equal(first);
    expect(third).not.to.equal(first);
  });

  it('tells a mailbox that does not exist from a relay that is busy', async () => {
    smtp.faults.noSuchMailbox = true;
    expect(await open().send(notice())).to.deep.equal({ kind: 'refused', reason: 'SMTP 550' });
    smtp.faults.noSuchMailbox = false;
    smtp.faults.busy = true;
    expect(await wire!.send(notice())).to.deep.equal({ kind: 'retry', reason: 'SMTP 451' });
    smtp.faults.busy = false;
    expect(await wire!.send(notice())).to.deep.equal({ kind: 'accepted' });
  });

  it('does not know how it ended when the relay is lost after it read the message, and does not repeat', async () => {
    smtp.faults.cutAfterData = true;
    expect((await open().send(notice())).kind).to.equal('unknown');
    expect(smtp.mails.length).to.equal(1);
  });

  it('may try again when nobody listens or nobody speaks', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    expect((await open({ port }).send(notice())).kind).to.equal('retry');
    wire!.close();
    smtp.faults.mute = true;
    const clock = manualClock();
    const sending = open({}, clock).send(notice());
    while (smtp.connections === 0) await new Promise(setImmediate);
    clock.advance(60_000);
    expect(await sending).to.deep.equal({ kind: 'retry', reason: 'not sent in time' });
  });

  it('knows that nothing was sent when a connection it kept is gone', async () => {
    expect((await open().send(notice())).kind).to.equal('accepted');
    await smtp.close();
    expect((await wire!.send(notice('16 visit 2'))).kind).to.equal('retry');
  });

  it('does not send in clear where TLS is required', async () => {
    expect((await open({ requireTls: true }).send(notice())).kind).not.to.equal('accepted');
    expect(smtp.mails).to.deep.equal([]);
  });

  it('sends many at once over few connections', async () => {
    const mail = open({ connectionsMax: 2 });
    const ids = Array.from({ length: 30 }, (_, at) => `16 visit ${String(at)}`);
    const receipts = await Promise.all(ids.map((id) => mail.send(notice(id))));
    expect(receipts.every(({ kind }) => kind === 'accepted')).to.equal(true);
    expect(new Set(smtp.mails.map(({ messageId }) => messageId)).size).to.equal(30);
    expect(smtp.connections).to.be.at.most(2);
  });
});
