import { startBilling, type Billing } from './billing/billing.ts';
import { startDpi, type Dpi } from './dpi/dpi.ts';
import { startFreeswitch, type Freeswitch } from './freeswitch/freeswitch.ts';
import type { Manifest } from './freeswitch/manifest.ts';
import { type CallFaultSwitches, faultSwitches } from './phone/faults.ts';
import { demoGuide } from './phone/guide.ts';
import type { DemoSubscriber, Network, PhoneCall, WebAnswer, WebRequest } from './phone/network.ts';
import { startPhone, type Phone } from './phone/phone.ts';
import { startShop, type Shop } from './shop/shop.ts';
import { demoShops } from './shop/sites.ts';
import { createTill, type PartnerKey, type Till } from './shop/till.ts';
import { startSmsc, type Smsc } from './smsc/smsc.ts';
import { startUssdCentre, type UssdCentre } from './ussd-centre/ussd-centre.ts';

/** Ports of the simulators; 0 takes a free one. */
export interface DemoPorts {
  readonly smsc: number;
  readonly ussd: number;
  readonly phone: number;
  readonly shop: number;
  readonly billing: number;
}

export interface DemoOptions {
  /** Loopback: the page shows PINs and the simulators believe everybody. */
  readonly host?: string;
  readonly ports?: Partial<DemoPorts>;
  /** What the daemon binds with, at the SMSC and at the USSD centre. */
  readonly smpp: { readonly systemId: string; readonly password: string };
  /** Where the daemon listens. */
  readonly gateway: {
    /** `http://127.0.0.1:8080` */
    readonly httpUrl: string;
    /** `http://127.0.0.1:9464` */
    readonly adminUrl: string;
    readonly esl: { readonly host: string; readonly port: number };
    readonly icap: { readonly host: string; readonly port: number };
  };
  /** Bearer tokens of scope `events:write`, for the shops and for billing; read when they are used. */
  readonly tokens: { readonly shop: string; readonly billing: string };
  /** What the bookshop's till signs with; read when it is used. */
  readonly partnerKey: () => PartnerKey | undefined;
  readonly subscribers: readonly DemoSubscriber[];
  /** Words of the recordings (`loadManifest('conf/ivr')`). */
  readonly manifest: Manifest;
  readonly numbers?: { readonly shortCode: string; readonly ussdCode: string; readonly ivrNumber: string };
  /** How long a spoken word takes; a person reads along. */
  readonly msPerWord?: number;
  /** The gateway's time. */
  readonly now: () => Date;
  /** Moves the gateway's clock; resolves with its new time. */
  advanceClock(days: number): Promise<Date>;
}

/** The running simulators, for the launcher and for scripted journeys. */
export interface Demo {
  /** `http://127.0.0.1:8090/phone` */
  readonly phoneUrl: string;
  readonly smsc: Smsc;
  readonly ussd: UssdCentre;
  readonly freeswitch: Freeswitch;
  readonly dpi: Dpi;
  readonly shop: Shop;
  readonly billing: Billing;
  readonly till: Till;
  close(): Promise<void>;
}

const PORTS: DemoPorts = { smsc: 2775, ussd: 2776, phone: 8090, shop: 8091, billing: 8092 };
const NUMBERS = { shortCode: '1010', ussdCode: '*100#', ivrNumber: '0611' };

/** Two partners of the demo programme and one shop that is none. */
const SHOPS = [
  ...demoShops.filter(({ host }) => host === 'books.example'),
  {
    host: 'coffee.example',
    name: 'Morning Coffee',
    colour: '#5b3a29',
    items: [
      { id: 'beans', name: 'Coffee beans, 250 g', priceMinor: '54000' },
      { id: 'press', name: 'French press', priceMinor: '210000' },
    ],
  },
  ...demoShops.filter(({ host }) => host === 'news.example'),
];

/** Starts every simulator and the phone page; when one cannot start, stops the others and rejects with its reason. */
export async function startSimulators(options: DemoOptions): Promise<Demo> {
  const { host = '127.0.0.1', gateway, tokens, smpp, now } = options;
  const ports = { ...PORTS, ...options.ports };
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of closers.splice(0).reverse()) await stop();
  };
  const kept = <T extends { close(): unknown }>(started: T): T => {
    closers.push(() => started.close());
    return started;
  };
  try {
    const smsc = kept(await startSmsc({ host, port: ports.smsc, ...smpp }));
    const ussd = kept(await startUssdCentre({ host, port: ports.ussd, ...smpp }));
    const { manifest, msPerWord = 120 } = options;
    const freeswitch = kept(startFreeswitch({ ...gateway.esl, manifest, msPerWord }));
    const reports = {
      url: gateway.httpUrl,
      get token() {
        return tokens.shop;
      },
    };
    const shop = kept(await startShop({ host, port: ports.shop, sites: SHOPS, gateway: reports, now }));
    const payments = {
      url: gateway.httpUrl,
      get token() {
        return tokens.billing;
      },
    };
    const billing = kept(await startBilling({ host, port: ports.billing, gateway: payments, now }));
    const { icap } = gateway;
    const dpi = kept(
      startDpi({ icapHost: icap.host, icapPort: icap.port, resolve: (name) => shop.resolve(name) }),
    );
    const till = createTill({ url: gateway.httpUrl, key: options.partnerKey, now });
    const simulators = { smsc, ussd, freeswitch, dpi, shop, billing, till };
    const phone = kept(await startDemoPhone(simulators, options, { host, port: ports.phone }));
    return { phoneUrl: phone.url, ...simulators, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Simulators = Omit<Demo, 'phoneUrl' | 'close'>;

function startDemoPhone(
  simulators: Simulators,
  options: DemoOptions,
  where: { host: string; port: number },
): Promise<Phone> {
  const { gateway, subscribers } = options;
  const call: CallFaultSwitches = {};
  const network: Network = {
    smsc: simulators.smsc,
    ussd: simulators.ussd,
    call: (from, to) => Promise.resolve(placeCall(simulators.freeswitch, from, to, call)),
    fetch: (from, request) => browse(simulators, gateway.httpUrl, from, request),
    till: simulators.till,
    topUp: async (msisdn, amount) => told(await simulators.billing.topUp(msisdn, amount)),
    faults: faultSwitches({ ...simulators, call }),
    now: () => options.now(),
    advanceClock: (days) => options.advanceClock(days),
  };
  const guide = demoGuide(subscribers, {
    ...(options.numbers ?? NUMBERS),
    shops: SHOPS.map((site) => `http://${site.host}/`),
    links: [
      { title: 'Metrics', url: new URL('/metrics', gateway.adminUrl).href },
      { title: 'Readiness', url: new URL('/readyz', gateway.adminUrl).href },
      { title: 'API', url: new URL('/openapi.json', gateway.httpUrl).href },
    ],
  });
  return startPhone({ ...where, network, guide });
}

function placeCall(
  freeswitch: Freeswitch,
  { msisdn, name }: DemoSubscriber,
  to: string,
  faults: CallFaultSwitches,
): PhoneCall {
  const wanted = Object.fromEntries(Object.entries(faults).filter(([, on]) => on === true));
  const call = freeswitch.call({ from: msisdn, to, name, faults: wanted });
  return {
    onPrompt: (heard) => call.on('prompt', ({ text, kind }) => heard({ text, asks: kind === 'ask' })),
    press: (digits) => call.press(digits),
    hangup: () => call.hangUp(),
    ended: call.ended.then(({ by, cause, extension }) => {
      if (by === 'transfer') return `transferred to ${extension ?? 'an operator'}`;
      return by === 'dialplan' ? 'the gateway let go of the call' : cause;
    }),
  };
}

async function browse(
  { dpi, shop }: Simulators,
  httpUrl: string,
  { ip, language }: DemoSubscriber,
  { method, url, headers, body }: WebRequest,
): Promise<WebAnswer> {
  const direct = url.host === new URL(httpUrl).host;
  if (!direct && shop.resolve(url.host) === undefined) throw new Error(`${url.host} is not in this network`);
  const answer = await dpi.browse(url.href, {
    ip,
    method,
    headers: { 'accept-language': language, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const passed = answer.icapStatus === undefined ? 'bypass' : 'pass';
  const verdict = answer.outcome === 'redirect' ? 'redirect' : passed;
  return { ...answer, verdict: direct ? 'direct' : verdict };
}

function told({ gatewayStatus, gatewayAnswer }: Awaited<ReturnType<Billing['topUp']>>): string {
  if (gatewayStatus === undefined) return `Paid, but the gateway did not hear of it: ${gatewayAnswer}`;
  const points = /"points"\s*:\s*"?(-?\d+)/.exec(gatewayAnswer)?.[1];
  if (points !== undefined && gatewayStatus < 300) return `Paid. The gateway gives ${points} points for it.`;
  return `Paid. The gateway answered ${gatewayStatus}: ${gatewayAnswer.slice(0, 200)}`;
}
