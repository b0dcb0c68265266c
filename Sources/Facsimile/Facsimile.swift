// One import for a Swift user. What these modules have public is what the types here take and give: settings, layers,
// events and errors.
@_exported import Backends
@_exported import Datasets
@_exported import Generation
@_exported import Models
@_exported import Pictures
@_exported import Programs
@_exported import Storage
@_exported import Training
