/** What the HTTP wire needs of the joint programme. */
export type { AuthenticatePartner, NotBelieved } from './authenticate.ts';
export type { PartnerActor } from './operation.ts';
