// Every code of the flow language: what it means and what to do. `contract/error.ts` has those of
// what runs; `docs/reference/errors.md` is generated from both. A code is never reused.

interface FlowMeaning {
  readonly meaning: string;
  readonly action: string;
  readonly retired?: boolean;
}

const code = (meaning: string, action: string): FlowMeaning => ({ meaning, action });

export const flowCodes = {
  // The text
  CF0001: code('The text is not valid YAML 1.2.', 'Mend the place that is shown.'),
  CF0002: code('The text is too long, too deep or has too many parts.', 'Split the flow.'),
  CF0003: code('A key stands twice in one map.', 'Keep one of them.'),
  CF0004: code(
    'An anchor, alias, merge key, tag, directive or second document is used.',
    'Write the values themselves.',
  ),
  CF0005: code(
    'A value of `{...}` was cut, or begins with `!`: it needs quotes.',
    'Put the whole value in double quotes.',
  ),
  CF0006: code(
    'The words on, off, yes and no are booleans to other YAML readers.',
    'Use true and false, or another word.',
  ),
  CF0007: code('There are more problems than are listed.', 'Mend those shown, then check again.'),
  // Fields and declarations
  CF0101: code('The field is unknown here.', 'Use one of those that are shown.'),
  CF0102: code('A field that must be there is missing.', 'Add it.'),
  CF0103: code('The value is not of the kind that the field takes.', 'Write it as is shown.'),
  CF0104: code('This part of the language is planned and not built yet.', 'Leave it out.'),
  CF0105: code('The name is not spelled as names are, or it is reserved.', 'Choose another name.'),
  CF0106: code('Two things have one name.', 'Rename one of them.'),
  CF0107: code('The value is outside its declared range.', 'Choose another value or range.'),
  CF0108: code('The range is empty or not of whole numbers.', 'Correct `min` and `max`.'),
  // Expressions
  CF0201: code('The expression is not well formed.', 'Mend the place that is shown.'),
  CF0202: code('A name is used that nothing declares.', 'Declare it or correct it.'),
  CF0203: code('The expression is of another type than is needed.', 'Compare or convert it.'),
  CF0204: code('Two values of different units meet.', 'Bring both to one unit.'),
  CF0205: code(
    'Real numbers are not compared with == and !=.',
    'Compare with < or >, or use a tolerance.',
  ),
  CF0206: code('Division is only by a constant that is not zero.', 'Multiply instead.'),
  CF0207: code('The expression reads what it must not read here.', 'Use what is allowed here.'),
  CF0208: code('Named expressions use each other in a circle.', 'Break the circle.'),
  CF0209: code(
    'The comparison always comes out the same within the declared ranges.',
    'Correct the number or the range.',
  ),
  CF0210: code('The result may leave the whole numbers that are exact.', 'Declare smaller ranges.'),
  // States and transitions
  CF0301: code('A target, state or region does not exist.', 'Correct the name or add the state.'),
  CF0302: code('A transition leads out of its region.', 'Use a signal or `active()` instead.'),
  CF0303: code('Two transitions have one id.', 'Give each its own id.'),
  CF0304: code('A state may wait for ever.', 'Add `rest: true` or a transition with `after`.'),
  CF0305: code('A transition has no condition.', 'Add `when`, `unless`, `after` or `for`.'),
  CF0306: code('A transition without `to` would fire in every scan.', 'Make it an edge.'),
  CF0307: code("`after` in a region's own `go` has no state to count from.", 'Put it in a state.'),
  CF0308: code('Two regions drive one output, signal or variable.', 'Drive it from one of them.'),
  CF0309: code('Nothing reaches this state.', 'Add a transition to it, or remove it.'),
  CF0310: code('An earlier transition always fires first.', 'Reorder or remove one of them.'),
  CF0311: code('A transition without `to` does nothing.', 'Add `to`, `set` or `note`.'),
  CF0312: code('The initial state is missing or not there.', 'Name one of the states.'),
  // Interlocks, alarms, properties
  CF0401: code(
    "An output's safe value is not permitted by its interlock.",
    'Allow the safe value.',
  ),
  // What nothing uses
  CF0501: code('Nothing reads this.', 'Use it or remove it.'),
  CF0502: code('No state accepts this command.', 'Use it in the `when` of a transition.'),
  // Advice
  CF0901: code(
    'A fault state can only be reached while a sensor is known.',
    'Use `unless`, so that an unknown leads there too.',
  ),
  CF0902: code('An interlock guards an output that no property covers.', 'Add a property.'),
} as const satisfies Readonly<Record<string, FlowMeaning>>;

export type FlowCode = keyof typeof flowCodes;
