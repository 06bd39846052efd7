import { startSmsc, type Handset, type Smsc } from '../../simulators/smsc/smsc.ts';
import { startUssdCentre, type UssdCentre } from '../../simulators/ussd-centre/ussd-centre.ts';
import { waitUntil } from '../../src/runtime/pause.ts';

/** The mobile network around a daemon under test, quick to ask again. */
export interface TestPeers {
  readonly smsc: Smsc;
  readonly centre: UssdCentre;
  /** The section `smpp` that binds to both. */
  readonly yaml: string;
  /** Resolves when the daemon is bound to both. */
  bound(): Promise<void>;
  close(): Promise<void>;
}

/** What the daemon binds with. */
export const ACCOUNT = { port: 0, systemId: 'bonusgate', password: 'secret' } as const;
/** Patient enough for any answer, so that none of ours is ever late. */
const RESPONSE_TIMEOUT_MS = 30_000;

export async function startPeers(): Promise<TestPeers> {
  const smsc = await startSmsc({
    ...ACCOUNT,
    responseTimeoutMs: RESPONSE_TIMEOUT_MS,
    retryDelayMs: 100,
    maxAttempts: 1_000,
  });
  const centre = await startUssdCentre({ ...ACCOUNT, gatewayTimeoutMs: RESPONSE_TIMEOUT_MS });
  return {
    smsc,
    centre,
    yaml: [
      'smpp:',
      '  reconnectMinMs: 50',
      '  smscs:',
      smscYaml('main', smsc.port, '{ name: sms }'),
      smscYaml('centre', centre.port, '{ name: ussd, kind: ussd, ussd: { sessionKey: its_session_info } }'),
    ].join('\n'),
    bound: async () => {
      const both = () => (smsc.binds > 0 && centre.binds > 0) || undefined;
      if ((await waitUntil(both, { timeoutMs: 10_000 })) === undefined) throw new Error('not bound');
    },
    close: async () => {
      await centre.close();
      await smsc.close();
    },
  };
}

/** One entry of `smpp.smscs`. */
export function smscYaml(name: string, port: number, bind: string): string {
  const account = `systemId: ${ACCOUNT.systemId}, password: ${ACCOUNT.password}`;
  return `    - { name: ${name}, host: 127.0.0.1, port: ${String(port)}, ${account}, binds: [${bind}] }`;
}

/** The next text on a handset that holds these words; others, such as notices of movements, are passed over. */
export async function textWith(words: string, handset: Handset): Promise<string> {
  for (;;) {
    const { text } = await handset.next();
    if (text.includes(words)) return text;
  }
}
