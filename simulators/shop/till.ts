import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';

/** The key that a partner signs with; read when it is used. */
export interface PartnerKey {
  readonly id: string;
  readonly secret: string;
}

export interface TillOptions {
  /** Where the gateway's HTTP listens. */
  readonly url: string;
  readonly key: () => PartnerKey | undefined;
  /** The gateway's time, which the demo may have moved. */
  readonly now: () => Date;
}

/** How the gateway answered; undefined status when it could not be reached. */
export interface TillAnswer {
  readonly id: string;
  readonly status: number | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A partner's cash desk: gives points for what is bought and takes points as money, over the signed partner API. */
export interface Till {
  /** Something was bought for so many minor units of roubles. */
  buy(msisdn: string, minor: bigint): Promise<TillAnswer>;
  /** Goods came back for part of it. */
  takeBack(receipt: string, minor: bigint): Promise<TillAnswer>;
  /** Holds the points, then takes them. */
  pay(msisdn: string, points: bigint): Promise<TillAnswer>;
  /** Holds the points, then thinks better of it. */
  abandon(msisdn: string, points: bigint): Promise<TillAnswer>;
  /** Gives captured points back; the shop's fault. */
  giveBack(order: string, points: bigint): Promise<TillAnswer>;
  /** Asks for the latest statements. */
  statements(): Promise<TillAnswer>;
}

/** Signs as docs/programme/partners.md tells partners to; nothing here is the gateway's own code. */
export function createTill({ url, key, now }: TillOptions): Till {
  const ask = async (id: string, method: string, path: string, content?: object): Promise<TillAnswer> => {
    const with_ = key();
    if (with_ === undefined) return { id, status: undefined, body: { detail: 'the till has no key yet' } };
    const body = content === undefined ? '' : JSON.stringify(content);
    const headers = { authorization: sign(with_, method, path, body, now()) };
    try {
      const response = await fetch(new URL(path, url), {
        method,
        ...(body === ''
          ? { headers }
          : { headers: { ...headers, 'content-type': 'application/json' }, body }),
        signal: AbortSignal.timeout(5_000),
      });
      return { id, status: response.status, body: (await response.json()) as TillAnswer['body'] };
    } catch (error) {
      return { id, status: undefined, body: { detail: error instanceof Error ? error.message : 'failed' } };
    }
  };
  return {
    buy: (msisdn, minor) => {
      const id = `receipt-${randomUUID()}`;
      const amount = { minor: String(minor), currency: 'RUB' };
      return ask(id, 'POST', '/partner/v1/purchases', {
        id,
        msisdn,
        amount,
        occurredAt: now().toISOString(),
      });
    },
    takeBack: (receipt, minor) => {
      const id = `return-${randomUUID()}`;
      return ask(id, 'POST', `/partner/v1/purchases/${receipt}/refunds`, { id, minor: String(minor) });
    },
    pay: async (msisdn, points) => {
      const id = `order-${randomUUID()}`;
      const held = await ask(id, 'POST', '/partner/v1/holds', { id, msisdn, points: String(points) });
      if (held.status !== 200) return held;
      return ask(id, 'POST', `/partner/v1/holds/${id}/capture`, { points: String(points) });
    },
    abandon: async (msisdn, points) => {
      const id = `order-${randomUUID()}`;
      const held = await ask(id, 'POST', '/partner/v1/holds', { id, msisdn, points: String(points) });
      if (held.status !== 200) return held;
      return ask(id, 'POST', `/partner/v1/holds/${id}/void`);
    },
    giveBack: (order, points) => {
      const id = `return-${randomUUID()}`;
      const refund = { id, points: String(points), fault: 'partner' };
      return ask(id, 'POST', `/partner/v1/holds/${order}/refunds`, refund);
    },
    statements: () => ask('', 'GET', '/partner/v1/statements'),
  };
}

function sign({ id, secret }: PartnerKey, method: string, path: string, body: string, now: Date): string {
  const hash = createHash('sha256').update(body).digest('hex');
  const time = String(Math.floor(now.getTime() / 1000));
  const nonce = randomBytes(12).toString('hex');
  const text = ['BG1-HMAC-SHA256', method, path, hash, time, nonce, id].join('\n');
  const signature = createHmac('sha256', secret).update(text).digest('hex');
  return `BG1-HMAC-SHA256 key="${id}", time="${time}", nonce="${nonce}", body="${hash}", signature="${signature}"`;
}
