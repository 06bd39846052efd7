import type { PDU } from 'smpp';
import { demoGuide } from '../../../simulators/phone/guide.ts';
import type {
  DemoSubscriber,
  FaultSwitch,
  Network,
  PhoneCall,
  SpokenPrompt,
  WebAnswer,
} from '../../../simulators/phone/network.ts';
import { startPhone, type Phone } from '../../../simulators/phone/phone.ts';
import { startSmsc, type Smsc } from '../../../simulators/smsc/smsc.ts';
import { startUssdCentre, type UssdCentre } from '../../../simulators/ussd-centre/ussd-centre.ts';
import { connectEsme, type Esme } from '../esme.ts';

export const SUBSCRIBERS: readonly DemoSubscriber[] = [
  {
    msisdn: '79160000001',
    name: 'Anna Petrova',
    pin: '2468',
    language: 'en',
    ip: '10.20.0.1',
    note: '500 points, 120 expire soon',
  },
  {
    msisdn: '79160000002',
    name: 'Борис Иванов',
    pin: '1357',
    language: 'ru',
    ip: '10.20.0.2',
    note: '80 баллов',
  },
];

/** A phone in front of the real SMSC and USSD centre, with a scripted gateway behind them. */
export interface FakeDemo {
  readonly phone: Phone;
  readonly smsc: Smsc;
  readonly ussd: UssdCentre;
  /** What the gateway did: top-ups, clock moves, form posts. */
  readonly heard: string[];
  readonly faults: { silent: boolean; delay: number };
  close(): Promise<void>;
}

/** Starts everything on free ports. */
export async function startFakeDemo(): Promise<FakeDemo> {
  const login = { systemId: 'gateway', password: 'secret' };
  const smsc = await startSmsc(login);
  const ussd = await startUssdCentre(login);
  const [sms, menu] = await Promise.all([connectEsme(smsc.port), connectEsme(ussd.port)]);
  answerMessages(sms.esme);
  answerMenus(menu.esme);
  const heard: string[] = [];
  const faults = { silent: false, delay: 0 };
  const network: Network = {
    smsc,
    ussd,
    call: () => Promise.resolve(scriptedCall()),
    fetch: (from, { method, url, body, headers }) => {
      heard.push(
        [from.ip, method, url.href, headers['cookie'], body].filter((part) => part !== undefined).join(' '),
      );
      return Promise.resolve(site(method, url, headers['cookie'] !== undefined));
    },
    till: {
      buy: (msisdn, minor) => {
        heard.push(`bought ${msisdn} ${minor}`);
        return Promise.resolve({ id: 'r', status: 200, body: { points: String(minor / 1000n) } });
      },
      pay: (msisdn, points) => {
        heard.push(`paid ${msisdn} ${points}`);
        return Promise.resolve({ id: 'o', status: 409, body: { code: 'points_insufficient' } });
      },
    },
    topUp: (msisdn, amount) => {
      heard.push(`top-up ${msisdn} ${amount}`);
      return Promise.resolve('5 points for 500.00');
    },
    faults: [
      fault(
        'smsc.silent',
        'switch',
        () => faults.silent,
        (value) => (faults.silent = value === true),
      ),
      fault(
        'smsc.delay',
        'number',
        () => faults.delay,
        (value) => (faults.delay = Number(value)),
      ),
      fault(
        'smsc.cut',
        'button',
        () => false,
        () => heard.push('cut'),
      ),
    ],
    now: () => new Date('2029-10-04T03:04:05Z'),
    advanceClock: (days) => {
      heard.push(`clock ${days}`);
      return Promise.resolve(new Date('2030-01-02T03:04:05Z'));
    },
  };
  const guide = demoGuide(SUBSCRIBERS, {
    shortCode: '1010',
    ussdCode: '*100#',
    ivrNumber: '0611',
    shops: ['http://books.example/', 'http://coffee.example/'],
    links: [{ title: 'Metrics', url: 'http://127.0.0.1:9464/metrics' }],
  });
  const phone = await startPhone({ network, guide });
  return {
    phone,
    smsc,
    ussd,
    heard,
    faults,
    close: async () => {
      await phone.close();
      await Promise.all([smsc.close(), ussd.close()]);
    },
  };
}

function fault(
  name: string,
  kind: FaultSwitch['kind'],
  value: () => boolean | number,
  set: (value: boolean | number) => void,
): FaultSwitch {
  return { name, kind, value, set, group: 'SMSC', title: name, hint: `what ${name} does` };
}

function answerMessages(esme: Esme): void {
  const replies: Record<string, string> = {
    BALANCE: 'You have 500 points. 120 points expire after 31 Dec.',
    БАЛАНС: 'У вас 80 баллов.',
    '4821': 'Done. 100 points sent to +79160000002. You have 400 left.',
  };
  esme.session.on('deliver_sm', (pdu: PDU) => {
    const text = String(pdu.short_message?.message);
    if (text === 'NOTHING') return;
    const reply = text.startsWith('TRANSFER')
      ? 'Send 100 points to +79160000002? To confirm, reply 4821 within 10 minutes.'
      : (replies[text] ?? 'Sorry, we did not understand. Send HELP for all commands.');
    esme.session.submit_sm({
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      data_coding: /^[\x20-\x7e]*$/.test(reply) ? 0 : 8,
      short_message: /^[\x20-\x7e]*$/.test(reply)
        ? Buffer.from(reply)
        : Buffer.from(reply, 'utf16le').swap16(),
    });
  });
}

function answerMenus(esme: Esme): void {
  esme.session.on('deliver_sm', (pdu: PDU) => {
    const text = String(pdu.short_message?.message);
    if (pdu.ussd_service_op === 0x81) return;
    const final = text !== '*100#';
    esme.session.submit_sm({
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      its_session_info: pdu.its_session_info,
      ussd_service_op: final ? 17 : 2,
      data_coding: 0,
      short_message: Buffer.from(
        final ? `You chose ${text}` : 'Bonus programme\n1 My points\n2 Catalogue\n3 Send points\n4 Language',
      ),
    });
  });
}

function scriptedCall(): PhoneCall {
  let tell: (prompt: SpokenPrompt) => void = () => undefined;
  let end: (cause: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => (end = resolve));
  return {
    onPrompt: (heard) => {
      tell = heard;
      setImmediate(() => tell({ text: 'For your points, press 1. To leave, press 0.', asks: true }));
    },
    press: (digits) => {
      if (digits.endsWith('0')) end('NORMAL_CLEARING');
      else tell({ text: `You pressed ${digits}. You have five hundred points.`, asks: true });
    },
    hangup: () => end('NORMAL_CLEARING'),
    ended,
  };
}

function site(method: string, url: URL, known: boolean): WebAnswer {
  const answer = (verdict: WebAnswer['verdict'], status: number, more: Partial<WebAnswer>): WebAnswer => ({
    verdict,
    status,
    location: undefined,
    contentType: 'text/html; charset=utf-8',
    setCookie: [],
    body: '',
    ...more,
  });
  if (url.hostname === 'nowhere.example') throw new Error('nowhere.example is not in this network');
  if (url.hostname === '127.0.0.1' && method === 'POST') {
    return answer('direct', 303, { location: 'http://books.example/?seen=1' });
  }
  if (url.hostname === '127.0.0.1') return answer('direct', 200, { body: OFFER });
  if (url.searchParams.has('seen')) {
    return answer('pass', 200, { body: SHOP, setCookie: ['basket=7; Path=/'] });
  }
  if (known) return answer('pass', 200, { body: SHOP });
  return answer('redirect', 302, { location: 'http://127.0.0.1:8080/offer?to=books' });
}

const OFFER = `<!doctype html><title>Bonus points for your purchase</title>
<style>body{font:16px system-ui;margin:0;padding:24px}button{padding:12px 20px;border-radius:12px;border:0;background:#0c7a5b;color:#fff}</style>
<h1>Collect points here</h1><p>Get 5 points for every 100 roubles &amp; more.</p>
<form method="post" action="/offer/answer?a=1&amp;b=2"><button name="answer" value="yes">Yes, please</button></form>
<script>document.title = 'script ran'</script>`;
const SHOP = `<!doctype html><title>Books</title><h1>Books</h1><p>New &amp; old</p><a href="/basket">Basket</a>
<a href="http://coffee.example/x?y=1">Coffee</a> <a href="#top">Top</a> <a href="mailto:a@books.example">Mail</a>`;
