import {
  ACCEPTED,
  DECLINED,
  MEMBER,
  type BindingKind,
  type CashbackChange,
  type SnapshotChunk,
} from '../../cashback/changes.ts';
import { findAddressKey, ipv4Number } from '../../values/address.ts';
import { PackedMap } from './packed-map.ts';

/**
 * Everything a redirect decision needs, in the memory of one ICAP worker: partner hosts, who is in the audience, what
 * they answered, when an offer was shown, and whose address or login it is. About 100 MB for a million subscribers.
 */
export class Snapshot {
  readonly #hosts = new Map<string, number>();
  readonly #subscribers = new PackedMap();
  readonly #v4 = new PackedMap();
  readonly #named = { v6: new NamedBindings(), login: new NamedBindings() };

  /** Merchant of a normalised partner host; 0 when it is no partner. */
  merchantOf(host: string): number {
    return this.#hosts.get(host) ?? 0;
  }

  /** Whose identity it is at `nowS`; 0 when nobody's. An address that looks like one is never taken for a login. */
  subscriberOf(identity: string, nowS: number): number {
    const address = findAddressKey(identity);
    if (address === undefined) return this.#named.login.find(identity.toLowerCase(), nowS);
    if (address.kind === 'v6') return this.#named.v6.find(address.key, nowS);
    const key = ipv4Number(address.key);
    return this.#v4.markOf(key) > nowS ? this.#v4.valueOf(key) : 0;
  }

  /** Flags of a subscriber, see `MEMBER`; 0 when unknown. */
  flagsOf(subscriber: number): number {
    return this.#subscribers.valueOf(subscriber);
  }

  /** When an offer was last shown, in seconds; 0 for never. */
  shownAtS(subscriber: number): number {
    return this.#subscribers.markOf(subscriber);
  }

  load(chunk: SnapshotChunk): void {
    if (chunk.table === 'subscribers') {
      chunk.ids.forEach((id, index) =>
        this.#subscribers.set(id, chunk.flags[index]!, chunk.shownAtS[index]!),
      );
    } else if (chunk.table === 'hosts') {
      chunk.hosts.forEach((host, index) => this.#hosts.set(host, chunk.merchants[index]!));
    } else {
      chunk.keys.forEach((key, index) =>
        this.#bind(chunk.table, key, chunk.subscribers[index]!, chunk.validToS[index]!),
      );
    }
  }

  apply(change: CashbackChange): void {
    switch (change.kind) {
      case 'answer':
        return this.#flag(
          change.subscriber,
          ACCEPTED | DECLINED,
          change.answer === 'accepted' ? ACCEPTED : DECLINED,
        );
      case 'audience':
        return this.#flag(change.subscriber, MEMBER, change.member ? MEMBER : 0);
      case 'shown': {
        const { subscriber, atS } = change;
        const latest = Math.max(atS, this.shownAtS(subscriber));
        return this.#subscribers.set(subscriber, this.flagsOf(subscriber), latest);
      }
      case 'binding':
        return this.#bind(change.of, change.key, change.subscriber, change.validToS);
      case 'host':
        if (change.merchant === 0) this.#hosts.delete(change.host);
        else this.#hosts.set(change.host, change.merchant);
    }
  }

  #flag(subscriber: number, clear: number, set: number): void {
    this.#subscribers.set(subscriber, (this.flagsOf(subscriber) & ~clear) | set, this.shownAtS(subscriber));
  }

  #bind(kind: BindingKind, key: string, subscriber: number, validToS: number): void {
    if (kind === 'v4') this.#v4.set(ipv4Number(key), subscriber, validToS);
    else this.#named[kind].set(key, subscriber, validToS);
  }
}

/** Bindings by text; the numbers stay in typed arrays, only the names are objects. */
class NamedBindings {
  readonly #serials = new Map<string, number>();
  readonly #values = new PackedMap();

  set(name: string, subscriber: number, validToS: number): void {
    let serial = this.#serials.get(name);
    if (serial === undefined) this.#serials.set(name, (serial = this.#serials.size));
    this.#values.set(serial, subscriber, validToS);
  }

  find(name: string, nowS: number): number {
    const serial = this.#serials.get(name);
    return serial !== undefined && this.#values.markOf(serial) > nowS ? this.#values.valueOf(serial) : 0;
  }
}
