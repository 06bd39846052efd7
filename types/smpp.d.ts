/**
 * Types for npm `smpp` 0.5.1, which ships none. Only what our independent peers use: simulators, tests, benches.
 * The live path has its own codec (docs/adr/0002-own-smpp.md).
 */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events';
  import type { Server as NetServer, Socket } from 'node:net';

  export type TlvValue = string | number | Buffer;

  export interface ShortMessage {
    /** A string for data codings the package knows, else the octets. */
    message: string | Buffer;
    /** Received: the elements of the user data header. To send: the whole header with its length octet. */
    udh?: Buffer[] | Buffer;
  }

  /** What may be given for a PDU; unknown names are ignored by the package. */
  export type PduFields = Record<string, TlvValue | ShortMessage | undefined>;

  export interface PDU {
    readonly command: string;
    readonly command_id: number;
    command_length: number;
    command_status: number;
    sequence_number: number;
    system_id?: string;
    password?: string;
    system_type?: string;
    service_type?: string;
    source_addr_ton?: number;
    source_addr_npi?: number;
    source_addr?: string;
    dest_addr_ton?: number;
    dest_addr_npi?: number;
    destination_addr?: string;
    esm_class?: number;
    registered_delivery?: number;
    data_coding?: number;
    short_message?: ShortMessage;
    message_id?: string;
    message_payload?: ShortMessage;
    message_state?: number;
    receipted_message_id?: string;
    user_message_reference?: number;
    ussd_service_op?: Buffer | number;
    its_session_info?: Buffer | number;
    sar_msg_ref_num?: number;
    sar_total_segments?: number;
    sar_segment_seqnum?: number;
    isResponse(): boolean;
    response(fields?: PduFields): PDU;
    toBuffer(): Buffer;
  }

  export type ResponseCallback = (response: PDU) => void;

  export interface Session extends EventEmitter {
    readonly socket: Socket;
    /** Queues a PDU; false when the socket is no longer writable. */
    send(pdu: PDU, onResponse?: ResponseCallback, onSent?: (pdu: PDU) => void): boolean;
    pause(): void;
    resume(): void;
    close(callback?: () => void): void;
    destroy(callback?: () => void): void;
    deliver_sm(fields: PduFields, onResponse?: ResponseCallback): boolean;
    submit_sm(fields: PduFields, onResponse?: ResponseCallback): boolean;
    data_sm(fields: PduFields, onResponse?: ResponseCallback): boolean;
    alert_notification(fields: PduFields): boolean;
    enquire_link(onResponse?: ResponseCallback): boolean;
    unbind(onResponse?: ResponseCallback): boolean;
    bind_transceiver(fields: PduFields, onResponse?: ResponseCallback): boolean;
    bind_receiver(fields: PduFields, onResponse?: ResponseCallback): boolean;
    bind_transmitter(fields: PduFields, onResponse?: ResponseCallback): boolean;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'close' | 'connect', listener: () => void): this;
    /** `pdu`, or the name of a command. */
    on(event: string, listener: (pdu: PDU) => void): this;
  }

  export interface Server extends NetServer {
    readonly sessions: Session[];
  }

  interface Smpp {
    createServer(listener: (session: Session) => void): Server;
    createServer(
      options: { key?: string | Buffer; cert?: string | Buffer },
      listener: (session: Session) => void,
    ): Server;
    connect(
      options: { host?: string; port?: number; url?: string; tls?: boolean },
      onConnect?: () => void,
    ): Session;
    readonly PDU: {
      new (command: string, fields?: PduFields): PDU;
      new (octets: Buffer): PDU;
      /** False when the buffer holds no whole PDU. */
      fromBuffer(octets: Buffer): PDU | false;
      maxLength: number;
    };
    /** Names of `ESME_*` statuses to their values, without the prefix rule: `errors.ESME_ROK` is 0. */
    readonly errors: Readonly<Record<string, number>>;
    readonly commandsById: Readonly<Record<number, { readonly command: string }>>;
    readonly ESME_ROK: number;
    readonly ESME_RINVCMDID: number;
    readonly ESME_RINVBNDSTS: number;
    readonly ESME_RSYSERR: number;
    readonly ESME_RBINDFAIL: number;
    readonly ESME_RINVPASWD: number;
    readonly ESME_RINVSYSID: number;
    readonly ESME_RMSGQFUL: number;
    readonly ESME_RSUBMITFAIL: number;
    readonly ESME_RTHROTTLED: number;
    readonly ESME_RX_T_APPN: number;
    readonly ESME_RX_P_APPN: number;
    readonly ESME_RINVDSTADR: number;
  }

  const smpp: Smpp;
  export default smpp;
}
