import type { Knex } from 'knex';

/** Suspension reaches the wallet: nothing is earned or spent while it lasts. Whoever is suspended now gets it too. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    update account a set status = 4, version = a.version + 1 from subscriber s
     where s.status = 'suspended' and a.id = s.id * 16 and a.role = 1 and a.status = 0;
  `);
}
