// Nominal types: a number or string that only its own constructor can make.
declare const brand: unique symbol;

/** A `T` that carries a meaning, so that two numbers of different meaning cannot be swapped. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
