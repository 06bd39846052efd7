import { createHash } from 'node:crypto';
import { createTransport, type Transporter } from 'nodemailer';
import type { DirectNotice, DirectReceipt, SendDirect } from '../../src/notify/ports.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { NoticesConfig } from '../../src/runtime/config/notices.ts';
import type { Logger } from '../../src/runtime/log.ts';

export type MailConfig = NoticesConfig['mail'];

/** The running mail wire: SMTP (RFC 5321) to one relay. */
export interface MailWire {
  readonly send: SendDirect;
  close(): void;
}

export interface MailDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Opens nothing until the first e-mail. A message is offered to the relay at most once: the library's own repetitions
 * are off, because a connection that is lost after DATA may have carried the message.
 */
export function createMail(config: MailConfig, deps: MailDeps): MailWire {
  const transport = createTransport({
    pool: true,
    maxConnections: config.connectionsMax,
    maxRequeues: 0,
    host: config.host,
    port: config.port,
    secure: config.secure,
    requireTLS: config.requireTls && !config.secure,
    ignoreTLS: !config.requireTls && !config.secure,
    ...(config.user !== undefined && { auth: { user: config.user, pass: config.password ?? '' } }),
    connectionTimeout: config.timeoutMs,
    greetingTimeout: config.timeoutMs,
    socketTimeout: config.timeoutMs,
    dnsTimeout: config.timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const begun = markContentRead(transport);
  return {
    send: async (notice) => {
      const messageId = messageIdOf(notice, config);
      let cancel = (): void => undefined;
      const deadline = new Promise<DirectReceipt>((resolve) => {
        cancel = deps.clock.after(config.sendMaxMs, () =>
          resolve({ kind: begun.has(messageId) ? 'unknown' : 'retry', reason: 'not sent in time' }),
        );
      });
      const receipt = await Promise.race([sendOne(transport, notice, messageId, config, begun), deadline]);
      cancel();
      begun.delete(messageId);
      if (receipt.kind !== 'accepted') {
        deps.log.warn({ trace: notice.trace, result: receipt.kind, ...receipt }, 'e-mail not accepted');
      }
      return receipt;
    },
    close: () => transport.close(),
  };
}

async function sendOne(
  transport: Transporter,
  { to, subject, text }: DirectNotice,
  messageId: string,
  { from }: MailConfig,
  begun: ReadonlySet<string>,
): Promise<DirectReceipt> {
  try {
    await transport.sendMail({
      from,
      to: { name: '', address: to },
      subject,
      text,
      messageId,
      // RFC 3834: nobody's holiday reply should come back.
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    return { kind: 'accepted' };
  } catch (error) {
    return receiptOf(error as SmtpError, begun.has(messageId));
  }
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
}

/** An answer of the relay is a fact; its silence after it began to read leaves the end unknown. */
function receiptOf({ code, responseCode }: SmtpError, contentRead: boolean): DirectReceipt {
  const reason = responseCode === undefined ? (code ?? 'failed') : `SMTP ${String(responseCode)}`;
  if (responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH')
    return { kind: 'refused', reason };
  if (responseCode !== undefined && responseCode >= 400) return { kind: 'retry', reason };
  if (code === 'EENVELOPE' || code === 'EMESSAGE') return { kind: 'refused', reason };
  return { kind: contentRead ? 'unknown' : 'retry', reason };
}

/**
 * Ids of the messages that the relay is reading or has read: from then on its silence proves nothing. The library makes
 * the stream of a message ahead and lets it flow when the relay has answered DATA.
 */
function markContentRead(transport: Transporter): Set<string> {
  const begun = new Set<string>();
  transport.use('stream', ({ message }, done) => {
    const messageId = message.messageId();
    const create = message.createReadStream.bind(message);
    message.createReadStream = (options) => {
      const stream = create(options);
      stream.once('resume', () => begun.add(messageId));
      return stream;
    };
    done();
  });
  return begun;
}

/** The same for the same notice, so that a relay or mailbox may recognise a repetition. */
function messageIdOf({ id }: DirectNotice, { from }: MailConfig): string {
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? 'localhost';
  return `<${createHash('sha256').update(id).digest('hex').slice(0, 32)}@${domain}>`;
}
