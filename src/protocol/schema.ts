import type { Static, TObject, TProperties } from 'typebox';
import { Type } from './type.ts';

/** A closed object: unknown members are refused on input and never produced on output. */
export function closed<P extends TProperties>(properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: false });
}

export const Id = Type.String({ minLength: 3, maxLength: 64, pattern: '^[a-z]+_[0-9a-z]+$' });
export const Name = Type.String({ minLength: 1, maxLength: 200 });
/** A document as people name it: `<workspace>/<path inside it>`, forward slashes. */
export const DocPath = Type.String({ minLength: 1, maxLength: 4096 });
export const Version = Type.Integer({ minimum: 1 });
export const Page = Type.Integer({ minimum: 1, maximum: 500 });

export const LabelSchema = closed({
  integrity: Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2), Type.Literal(3)]),
  confidentiality: Type.Union([
    Type.Literal('public'),
    Type.Literal('internal'),
    Type.Literal('secret'),
    Type.Literal('restricted'),
  ]),
  restrictedTo: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }),
});

export { type Static, Type };
