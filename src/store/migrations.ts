/**
 * One step of one room's schema. Steps of a room run in order, once, inside a transaction; a room never edits a step
 * that has shipped. Rooms hand their list to `openStore`, so SQL stays in the room that owns the table.
 */
export interface Migration {
  room: string;
  step: number;
  sql: string;
}
