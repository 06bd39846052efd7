import { EventEmitter, once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';

/** What can go wrong at this relay; change the fields while it runs. */
export interface SmtpFaults {
  /** Refuses every recipient for good: 550. */
  noSuchMailbox: boolean;
  /** Takes nobody for now: 451 to every recipient. */
  busy: boolean;
  /** Reads the message, keeps it, and drops the connection instead of saying so. */
  cutAfterData: boolean;
  /** Greets nobody: connections are taken and nothing is said. */
  mute: boolean;
}

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly messageId: string;
  readonly subject: string;
  /** As it came: headers and body. */
  readonly raw: string;
}

export interface Smtp {
  readonly port: number;
  readonly faults: SmtpFaults;
  readonly mails: readonly ReceivedMail[];
  readonly events: EventEmitter<{ mail: [ReceivedMail] }>;
  /** Connections so far. */
  readonly connections: number;
  close(): Promise<void>;
}

export interface SmtpOptions {
  readonly host?: string;
  readonly port?: number;
}

/** Starts a mail relay on npm `smtp-server`, without TLS and without accounts, that keeps what it takes. */
export async function startSmtp({ host = '127.0.0.1', port = 0 }: SmtpOptions = {}): Promise<Smtp> {
  const faults: SmtpFaults = { noSuchMailbox: false, busy: false, cutAfterData: false, mute: false };
  const mails: ReceivedMail[] = [];
  const events: Smtp['events'] = new EventEmitter();
  const sockets = new Set<Socket>();
  let connections = 0;
  const keep = async (stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const mail = toMail(Buffer.concat(chunks).toString('utf8'), session);
    mails.push(mail);
    events.emit('mail', mail);
  };
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onConnect: (_session, accept) => {
      connections += 1;
      if (!faults.mute) accept();
    },
    onRcptTo: (_address, _session, accept) => {
      if (faults.noSuchMailbox) accept(refusal(550, 'No such mailbox'));
      else if (faults.busy) accept(refusal(451, 'Try again later'));
      else accept();
    },
    onData: (stream, session, accept) => {
      void keep(stream, session).then(() => {
        if (faults.cutAfterData) for (const socket of sockets) socket.destroy();
        else accept();
      });
    },
  });
  server.on('error', () => undefined);
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    faults,
    mails,
    events,
    get connections() {
      return connections;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

function toMail(raw: string, { envelope }: SMTPServerSession): ReceivedMail {
  const header = (name: string): string =>
    new RegExp(`^${name}: (.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(raw)?.[1]?.replace(/\r\n\s+/g, ' ') ?? '';
  return {
    from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
    to: envelope.rcptTo.map(({ address }) => address),
    messageId: header('Message-ID'),
    subject: header('Subject'),
    raw,
  };
}
