//! How a plain Rust function becomes a [`Function`]: by its types.

use super::{Answer, Function, Kind, Parameter, Rest, Scope};
use crate::{Fault, Value};

/// A Rust function whose parameters and answer stand for Go's. `Types` tells the shapes of functions apart.
pub(crate) trait Body<Types>: Send + Sync + 'static {
    /// Its parameters, and whether the last takes any number of arguments.
    fn parameters() -> (Vec<Kind>, bool);

    /// Calls it with arguments that were checked.
    fn call(&self, scope: &mut Scope<'_>, arguments: Vec<Value>) -> Result<Value, Fault>;
}

/// A function of this name.
pub(crate) fn function<Types, B: Body<Types>>(name: &'static str, body: B) -> Function {
    let (parameters, variadic) = B::parameters();
    let call = Box::new(move |scope: &mut Scope<'_>, arguments| body.call(scope, arguments));
    Function { name, parameters, variadic, example: None, copies: false, call }
}

/// Marks a body that is given the scope.
pub(crate) struct Scoped;
/// Marks a body that is not.
pub(crate) struct Plain;
/// Marks a body whose last parameter takes the rest of the arguments.
pub(crate) struct Variadic;

fn next<T: Parameter>(arguments: &mut impl Iterator<Item = Value>) -> T {
    T::of(arguments.next().expect("a call must have been checked to have all arguments"))
}

fn rest<T: Parameter>(arguments: impl Iterator<Item = Value>) -> Rest<T> {
    Rest(arguments.map(T::of).collect())
}

macro_rules! bodies {
    ($($parameter:ident)*) => {
        impl<F, R, $($parameter,)*> Body<(Plain, $($parameter,)*)> for F
        where
            F: Fn($($parameter,)*) -> R + Send + Sync + 'static,
            R: Answer,
            $($parameter: Parameter,)*
        {
            fn parameters() -> (Vec<Kind>, bool) {
                (vec![$($parameter::KIND,)*], false)
            }

            fn call(&self, _scope: &mut Scope<'_>, arguments: Vec<Value>) -> Result<Value, Fault> {
                let mut _arguments = arguments.into_iter();
                self($(next::<$parameter>(&mut _arguments),)*).value()
            }
        }

        impl<F, R, $($parameter,)*> Body<(Scoped, $($parameter,)*)> for F
        where
            F: Fn(&mut Scope<'_>, $($parameter,)*) -> R + Send + Sync + 'static,
            R: Answer,
            $($parameter: Parameter,)*
        {
            fn parameters() -> (Vec<Kind>, bool) {
                (vec![$($parameter::KIND,)*], false)
            }

            fn call(&self, scope: &mut Scope<'_>, arguments: Vec<Value>) -> Result<Value, Fault> {
                let mut _arguments = arguments.into_iter();
                self(scope, $(next::<$parameter>(&mut _arguments),)*).value()
            }
        }

        impl<F, R, T, $($parameter,)*> Body<(Scoped, Variadic, T, $($parameter,)*)> for F
        where
            F: Fn(&mut Scope<'_>, $($parameter,)* Rest<T>) -> R + Send + Sync + 'static,
            R: Answer,
            T: Parameter,
            $($parameter: Parameter,)*
        {
            fn parameters() -> (Vec<Kind>, bool) {
                (vec![$($parameter::KIND,)* T::KIND], true)
            }

            fn call(&self, scope: &mut Scope<'_>, arguments: Vec<Value>) -> Result<Value, Fault> {
                let mut _arguments = arguments.into_iter();
                self(scope, $(next::<$parameter>(&mut _arguments),)* rest(_arguments)).value()
            }
        }
    };
}

bodies!();
bodies!(A);
bodies!(A B);
bodies!(A B C);
bodies!(A B C D);
bodies!(A B C D E);
bodies!(A B C D E G);
