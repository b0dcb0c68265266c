// One import for a Swift user. The public types of these modules are those that the types here take and return:
// settings, layers, events and errors.
@_exported import Backends
@_exported import Datasets
@_exported import Generation
@_exported import Models
@_exported import Pictures
@_exported import Programs
@_exported import Storage
@_exported import Training
