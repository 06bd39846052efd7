import { randomBytes, randomInt } from 'node:crypto';
import pg from 'pg';
import type { Tally } from './tally.ts';

/** Owners of its accounts, apart from everybody else's. */
const FIRST = 10_000_001;

/**
 * The reference of people who know Postgres: one function call per operation, each its own commit, first-in first-out
 * lots as an array in the account row, decided in plpgsql, the same journal rows. Its accounts are its own.
 */
export async function createOneCall(url: string, connections: number, accounts: number, sessionId: string) {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  await pool.query(SCHEMA);
  await pool.query(
    `insert into one_account (home, id, balance, lots)
      select i % 1024, i::bigint * 16, 1000000, array[0, 500000, 40000, 500000] from generate_series($1::int, $2::int) i`,
    [FIRST, FIRST + accounts - 1],
  );
  const anyone = (): number => FIRST + randomInt(accounts);
  return {
    post: async (serial: () => number, tally: Tally): Promise<void> => {
      const dice = randomInt(100);
      const kind = dice < 55 ? 1 : dice < 85 ? 2 : dice < 90 ? 3 : 4;
      const from = anyone();
      const other = anyone();
      const to = kind !== 3 ? from : other === from ? FIRST + ((from + 1) % accounts) : other;
      const print = randomInt(2) === 0 ? randomBytes(32) : null;
      const key = randomBytes(16);
      await pool.query({
        name: 'one_call',
        text: 'select one_call($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
        values: [
          kind,
          from,
          to,
          1 + randomInt(20),
          key,
          print,
          serial(),
          serial(),
          sessionId,
          'You have 1 234 points. 100 points lapse on 30 November.',
        ],
      });
      tally.requests += 1;
      tally.outbox += 1;
      tally.mos += print === null ? 0 : 1;
      tally.holds += kind === 4 ? 1 : 0;
      tally.transfers += kind === 4 ? 0 : 1;
      tally.postings += kind === 4 ? 0 : kind === 3 ? 2 : 1;
    },
    end: () => pool.end(),
  };
}

const SCHEMA = `
  create table one_account (
    home smallint not null, id bigint not null, balance bigint not null check (balance >= 0),
    held bigint not null default 0, version int not null default 0, lots bigint[] not null,
    primary key (home, id)
  ) with (fillfactor = 60);

  create function one_call(kind int, from_owner int, to_owner int, points bigint, request_key bytea, print bytea,
      serial bigint, message bigint, session uuid, body text) returns text language plpgsql as $$
  declare
    a one_account; b one_account; at timestamptz := clock_timestamp();
    open bigint := points; part bigint; i int := 1; kept bigint[] := '{}'; taken bigint[] := '{}';
  begin
    perform 1 from one_account t where (t.home, t.id) in
      ((from_owner % 1024, from_owner::bigint * 16), (to_owner % 1024, to_owner::bigint * 16))
      order by t.home, t.id for update;
    select * into a from one_account t where t.home = from_owner % 1024 and t.id = from_owner::bigint * 16;
    perform 1 from request r where r.home = a.home and r.key = request_key;
    if found then return 'replayed'; end if;
    if print is not null then
      perform 1 from mo m where m.home = a.home and m.fingerprint = print;
      if found then return 'duplicate'; end if;
    end if;
    if kind = 1 then
      update one_account t set balance = t.balance + points, version = t.version + 1,
        lots[cardinality(lots)] = lots[cardinality(lots)] + points where t.home = a.home and t.id = a.id;
    else
      if a.balance - a.held < points then return 'insufficient'; end if;
      while i < cardinality(a.lots) loop
        part := least(open, a.lots[i + 1]);
        if part > 0 then taken := taken || a.lots[i] || part; open := open - part; end if;
        if a.lots[i + 1] > part then kept := kept || a.lots[i] || (a.lots[i + 1] - part); end if;
        i := i + 2;
      end loop;
      update one_account t set balance = t.balance - case when kind = 4 then 0 else points end,
        held = t.held + case when kind = 4 then points else 0 end, version = t.version + 1, lots = kept
        where t.home = a.home and t.id = a.id;
    end if;
    insert into request values (a.home, request_key, request_key, request_key, 0, 'subscriber', 'bench',
      '{"kind":"done","data":{"points":{"$n":"5"}}}', at);
    if kind = 4 then
      insert into hold values (a.home, a.id, serial, points, 0, 0, array_send(taken), at + interval '1 day', at);
    else
      insert into transfer values (a.home, serial, kind, case when kind = 1 then -1 else a.id end,
        case kind when 1 then a.id when 2 then -2 else to_owner::bigint * 16 end, points, array_send(taken),
        a.home, request_key, null, at);
      insert into posting values (a.home, a.id, a.home, serial, case when kind = 1 then points else -points end,
        a.balance);
    end if;
    if kind = 3 then
      update one_account t set balance = t.balance + points, version = t.version + 1,
        lots[cardinality(lots)] = lots[cardinality(lots)] + points
        where t.home = to_owner % 1024 and t.id = to_owner::bigint * 16 returning * into b;
      insert into posting values (b.home, b.id, a.home, serial, points, b.balance);
    end if;
    if print is not null then insert into mo values (a.home, print, at, at, session, false, request_key); end if;
    insert into outbox (home, id, priority, smsc, source, destination, body, trace, created_at, due_at, lease_owner,
      lease_until) values (a.home, message, 0, 'main', '1010', '79160000001', body, request_key, at, at, 1, at);
    return 'posted';
  end $$;
`;
