import { z } from 'zod';
import { monthField, type ReportsApi } from '../channels/api/reports.ts';
import { localMonthOf } from '../bonus/calendar.ts';
import { programmeReport } from '../reports/programme-report.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Db } from '../storage/postgres.ts';
import { command, type Commands } from './command.ts';

/** Reports in the programme's zone; up to the current month where none is named. */
export function createReports(config: () => Config, db: Db, clock: Clock): ReportsApi {
  return {
    programme: ({ from, to }) => {
      const { zone } = config().programme;
      return programmeReport(db, { zone, from, to: to ?? localMonthOf(clock.now(), zone) });
    },
  };
}

export function reportCommands(reports: ReportsApi): Commands {
  const months = z.object({ from: monthField.optional(), to: monthField.optional() });
  return { 'report.programme': command(months, (period) => reports.programme(period)) };
}
