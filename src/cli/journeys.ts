import { assert } from '../errors.ts';
import type { RunningDemo } from './demo.ts';

/** One scripted journey per channel, each as a subscriber would make it; answers what was told at its end. */
export type Journey = (demo: RunningDemo) => Promise<string>;

const ANNA = '79160000001';
const BORIS = '79160000002';
const ANNAS_PIN = '2580';
const ANNAS_ADDRESS = '10.0.0.1';

async function available(demo: RunningDemo, msisdn: string): Promise<bigint> {
  const shown = (await demo.call('subscriber.show', { msisdn })) as { balance: { available: string } };
  return BigInt(shown.balance.available);
}

/** Runs `step` and checks by how much it changed a balance. */
async function moving(
  demo: RunningDemo,
  msisdn: string,
  by: bigint,
  step: () => Promise<void>,
): Promise<void> {
  const before = await available(demo, msisdn);
  await step();
  const moved = (await available(demo, msisdn)) - before;
  if (moved !== by) throw new Error(`${String(moved)} points moved instead of ${String(by)}`);
}

async function smsTransfer(demo: RunningDemo): Promise<string> {
  const phone = demo.simulators.smsc.handset(ANNA);
  // Notices of the points she was given may arrive in between.
  const say = async (text: string, answer: RegExp): Promise<RegExpExecArray> => {
    await phone.send(text, '1010');
    for (;;) {
      const found = answer.exec((await phone.next()).text);
      if (found !== null) return found;
    }
  };
  const [, code] = await say(`TRANSFER ${BORIS} 50`, /\b(\d{4})\b within/);
  let told = '';
  await moving(demo, BORIS, 50n, async () => {
    told = (await say(code!, /^Done\..*/s))[0];
  });
  return told;
}

async function ussdPurchase(demo: RunningDemo): Promise<string> {
  const dialogue = demo.simulators.ussd.dial(ANNA, '*100#');
  let told = '';
  await moving(demo, ANNA, -100n, async () => {
    for (const answer of ['2', '1', '1']) {
      const screen = await dialogue.next();
      if (screen === undefined) throw new Error('the dialogue ended early');
      dialogue.answer(answer);
    }
    told = (await dialogue.next())?.text ?? '';
  });
  return told;
}

async function ivrTransfer(demo: RunningDemo): Promise<string> {
  const call = demo.simulators.freeswitch.call({ from: ANNA, to: '0611' });
  let told = '';
  await moving(demo, BORIS, 25n, async () => {
    told = await call.heard();
    // Balance; transfer: to whom, how many, yes; the PIN is asked for before anything moves.
    for (const keys of ['1', '4', `${ANNAS_PIN}#`, `${BORIS}#`, '25#', '1']) {
      call.press(keys);
      told = await call.heard();
    }
  });
  call.hangUp();
  await call.ended;
  return told;
}

async function browseOffer({ simulators, ports }: RunningDemo): Promise<string> {
  const shop = 'http://books.example/';
  const browse = (url: string) => simulators.dpi.browse(url, { ip: ANNAS_ADDRESS });
  const offered = await browse(shop);
  assert(
    offered.outcome === 'redirect' && offered.location !== undefined,
    'the first visit leads to the offer',
  );
  const page = await fetch(offered.location);
  const token = /name="t" value="([^"]+)"/.exec(await page.text())?.[1];
  assert(page.status === 200 && token !== undefined, 'the offer page has a form');
  const answered = await fetch(`http://127.0.0.1:${String(ports.http)}/offer`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ t: token, lang: 'en', action: 'accept' }),
    redirect: 'manual',
  });
  const back = answered.headers.get('location');
  assert(
    answered.status === 303 && back !== null,
    `the answer leads back to the shop, not ${String(answered.status)}`,
  );
  const returned = await browse(back);
  assert(returned.outcome === 'pass' && returned.status === 200, 'the way back leads to the shop');
  const later = await browse(shop);
  assert(later.outcome === 'pass', 'whoever has answered is not asked again');
  return `offer accepted, back at ${new URL(back).host}, later visits pass`;
}

async function ledgerSums(demo: RunningDemo): Promise<string> {
  const audit = (await demo.call('audit', {})) as Record<string, string>;
  const { sum, balanceMismatches, lotMismatches, holdMismatches } = audit;
  if ([sum, balanceMismatches, lotMismatches, holdMismatches].some((value) => value !== '0')) {
    throw new Error(`the ledger does not add up: ${JSON.stringify(audit)}`);
  }
  return `${audit['transfers'] ?? '?'} transfers sum to zero, every balance is its lots`;
}

export const JOURNEYS: Readonly<Record<string, Journey>> = {
  'SMS: transfer with its code': smsTransfer,
  'USSD: buy from the catalogue': ussdPurchase,
  'IVR: balance, transfer with PIN': ivrTransfer,
  'ICAP: offer, accept, pass': browseOffer,
  'ledger: audit': ledgerSums,
};
