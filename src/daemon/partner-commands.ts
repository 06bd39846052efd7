import { z } from 'zod';
import {
  agreementReference,
  keyName,
  partnerCode,
  positive,
  shownAgreement,
  termsBody,
} from '../channels/api/partner-fields.ts';
import { instantField } from '../channels/api/fields.ts';
import { newTraceId } from '../runtime/ids.ts';
import { command } from './command.ts';
import type { Partners } from './partners.ts';

/** `bonusgate partner ...`: what staff do with partners, as by the HTTP API. */
export function partnerCommands({ admin }: Partners) {
  const operator = () => ({ name: 'operator', trace: newTraceId() });
  const partner = partnerCode;
  return {
    'partner.list': () => admin.list(),
    'partner.show': command(z.object({ partner }), async ({ partner: code }) => {
      const { agreements, ...view } = await admin.show(code);
      return { ...view, agreements: agreements.map(shownAgreement), prepaid: await admin.prepaid(view) };
    }),
    'partner.save': command(
      z.object({ partner, name: z.string().min(1).max(100), blocked: z.boolean() }),
      ({ partner: code, name, blocked }) => admin.save({ code, name, blocked }),
    ),
    'partner.publish': command(
      z.object({ partner, reference: agreementReference, terms: termsBody }),
      async ({ partner: code, reference, terms }) =>
        shownAgreement(await admin.publish(operator(), code, reference, terms)),
    ),
    'partner.end': command(
      z.object({ partner, reference: agreementReference, validTo: instantField }),
      async ({ partner: code, reference, validTo }) =>
        shownAgreement(await admin.end(code, reference, validTo)),
    ),
    'partner.key': command(z.object({ partner, key: keyName }), ({ partner: code, key }) =>
      admin.makeKey(operator(), code, key),
    ),
    'partner.revoke': command(z.object({ partner, key: keyName }), async ({ partner: code, key }) => {
      await admin.revokeKey(code, key);
      return { revoked: true };
    }),
    'partner.top-up': command(
      z.object({ partner, points: positive, reason: z.string().min(1).max(200), key: z.string().min(1) }),
      ({ partner: code, points, reason, key }) =>
        admin.topUp(operator(), code, { points, reason, idempotencyKey: key }),
    ),
  };
}
