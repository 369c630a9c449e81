import { type Ask, type Doc, sourceOf } from '../formats/ask.ts';
import { guestFormatOf } from '../formats/guest-formats.ts';
import { readPdf } from '../formats/opaque/pdf.ts';
import type { MethodAnswer } from './methods.ts';

export const textMethods = { landText, outlineText, checkText, readPdf: pdfText };

interface About {
  path: string;
  version: number;
}

/** Where an address lies in a text, and what a verb means there. */
async function landText(params: unknown, bodies: readonly Buffer[]): Promise<MethodAnswer> {
  const doc = docOf(params, bodies);
  return { value: await guestFormatOf(doc.path).land(doc, (params as { ask: Ask }).ask) };
}

async function outlineText(params: unknown, bodies: readonly Buffer[]): Promise<MethodAnswer> {
  const doc = docOf(params, bodies);
  return { value: await guestFormatOf(doc.path).outline(doc, (params as { depth: number }).depth) };
}

/** The first fault of a text, or null. */
async function checkText(params: unknown, bodies: readonly Buffer[]): Promise<MethodAnswer> {
  const doc = docOf(params, bodies);
  return { value: (await guestFormatOf(doc.path).check?.(doc)) ?? null };
}

function docOf(params: unknown, [body]: readonly Buffer[]): Doc {
  const { path, version } = params as About;
  return { path, version, source: sourceOf(body!) };
}

/** The text of a PDF as lines. */
async function pdfText(_params: unknown, [body]: readonly Buffer[]): Promise<MethodAnswer> {
  return { value: await readPdf(body!) };
}
