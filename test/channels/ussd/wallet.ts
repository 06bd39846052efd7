import type { CatalogueItem, Command, OrderView, Outcome, Result } from '../../../src/channels/command.ts';
import { instant } from '../../../src/values/instant.ts';

/** What the core answers a subscriber with 350 points; enough to walk through every screen. */
export class WalletDouble {
  available = 350n;
  items: readonly CatalogueItem[] = [
    { number: 1, code: 'coffee', name: { en: 'Cup of coffee', ru: 'Чашка кофе' }, points: 150n },
    { number: 2, code: 'cinema', name: { en: 'Cinema ticket', ru: 'Билет в кино' }, points: 1200n },
  ];
  orders: readonly OrderView[] = [
    {
      number: 1,
      name: { en: 'Cup of coffee', ru: 'Чашка кофе' },
      points: 150n,
      at: instant(Date.UTC(2025, 9, 7)),
      state: 'fulfilled',
      cancelUntil: instant(Date.UTC(2025, 9, 10)),
    },
  ];
  readonly commands: Command[] = [];
  readonly #pendings = new Map<string, Result & { kind: 'prepared' }>();

  answer(command: Command): Outcome {
    this.commands.push(command);
    switch (command.kind) {
      case 'balance':
        return done({
          kind: 'balance',
          balance: {
            available: this.available,
            held: 0n,
            pending: 0n,
            debt: 0n,
            expiring: [{ points: 100n, at: instant(Date.UTC(2025, 9, 31, 21)) }],
          },
        });
      case 'history':
        return done({
          kind: 'history',
          entries: [1, 2, 3, 4, 5].map((day) => ({
            at: instant(Date.UTC(2025, 9, 8 - day)),
            kind: day % 2 === 1 ? 'earn' : 'spend',
            points: day % 2 === 1 ? 100n : -50n,
          })),
        });
      case 'catalogue':
        return done({ kind: 'catalogue', items: this.items });
      case 'orders':
        return done({ kind: 'orders', orders: this.orders });
      case 'help':
      case 'cancel':
        return done({ kind: command.kind === 'help' ? 'help' : 'cancelled' });
      case 'language':
        return done({ kind: 'language', language: command.language });
      case 'prepare':
        return this.#prepare(command.action);
      case 'confirm':
        return this.#confirm('pendingId' in command ? command.pendingId : '');
    }
  }

  #prepare(action: Extract<Command, { kind: 'prepare' }>['action']): Outcome {
    const pendingId = `pending-${String(this.#pendings.size + 1)}`;
    if (action.kind === 'transfer') {
      if (action.points > this.available) return this.#insufficient(action.points);
      const quote = { kind: 'transfer', to: action.to, points: action.points, fee: 0n } as const;
      return this.#keep({ kind: 'prepared', pendingId, quote });
    }
    if (action.kind === 'give_back') {
      const { name, points } = this.orders[action.order - 1]!;
      return this.#keep({ kind: 'prepared', pendingId, quote: { kind: 'give_back', name, points } });
    }
    if (action.kind === 'buy') {
      const price = { minor: (action.points * 100n + 2n) / 3n, currency: 'RUB' };
      return this.#keep({
        kind: 'prepared',
        pendingId,
        quote: { kind: 'buy', points: action.points, price },
      });
    }
    const item = this.items.find(({ code }) => code === action.item)!;
    if (item.points > this.available) return this.#insufficient(item.points);
    return this.#keep({ kind: 'prepared', pendingId, quote: { kind: 'redeem', item } });
  }

  #insufficient(wanted: bigint): Outcome {
    return { kind: 'refused', code: 'points_insufficient', detail: { available: this.available, wanted } };
  }

  #keep(prepared: Result & { kind: 'prepared' }): Outcome {
    this.#pendings.set(prepared.pendingId, prepared);
    return done(prepared);
  }

  #confirm(pendingId: string): Outcome {
    const prepared = this.#pendings.get(pendingId);
    if (prepared === undefined) return { kind: 'refused', code: 'confirmation_not_pending', detail: {} };
    this.#pendings.delete(pendingId);
    const { quote } = prepared;
    if (quote.kind === 'buy') return done({ kind: 'buying', points: quote.points, price: quote.price });
    if (quote.kind === 'give_back') {
      this.available += quote.points;
      return done({ kind: 'given_back', name: quote.name, points: quote.points, available: this.available });
    }
    this.available -= quote.kind === 'transfer' ? quote.points : quote.item.points;
    const { available } = this;
    if (quote.kind === 'transfer')
      return done({ kind: 'transferred', to: quote.to, points: quote.points, available });
    return done({ kind: 'redeemed', item: quote.item, available, voucher: 'KOFE-7F2K' });
  }
}

function done(result: Result): Outcome {
  return { kind: 'done', result, replayed: false };
}
